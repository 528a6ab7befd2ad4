import { describe, expect, it } from 'vitest';
import { diagnoseJob } from '#forebay/api/jobs/report/diagnose-job.js';
import type { JobCosts } from '#forebay/api/jobs/report/job-costs.js';
import type { JobState } from '#forebay/api/jobs/report/job-state-of.js';
import { decodingAdvice } from '#forebay/shared/tasks/task-options.js';

const LANE = { idle: 0, read: 100, decode: 0, prepare: 200, infer: 0, post: 100, rest: 100, decodeAhead: 0 };
// Two lanes and 5 s, in blocks of 64 rows and batches of 16.
const COSTS: JobCosts = {
  blocks: 20,
  rows: 1280,
  batches: 80,
  fill: 1,
  lane: { ...LANE, idle: 300, decode: 1200, infer: 8000 },
  flow: 5000,
  read: 200,
  blocked: 0,
  batchWait: 100_000,
  laneWait: 200_000,
  begin: 40,
  write: 60,
  commit: 50,
  run: 20_000,
  answeredBy: null,
};
const STATE: JobState = {
  model: 'm',
  ended: false,
  reason: null,
  blockRows: 64,
  concurrency: null,
  decodingAdvice: decodingAdvice({ decode: null }),
  workers: [{ rssBytes: 400e6, memoryLimitBytes: 4e9 }],
};
const IDLE = { ...LANE, idle: 6000, decode: 1500, infer: 2000 };

/** How each job differs from a healthy one, and what the diagnosis must say. */
const CASES: Record<
  string,
  { costs?: Partial<JobCosts> | null; state?: Partial<JobState>; name: string; says: RegExp }
> = {
  'lanes that infer all the time': {
    name: 'inference',
    says: /lanes 97 % busy, 82 % of it in the model.*Nothing is wrong.*forebay tune/,
  },
  'lanes that decode most of the time': {
    costs: { lane: { ...LANE, decode: 7000, infer: 2000 } },
    name: 'decoding',
    says: /lanes 100 % busy, 74 % of it decoding.*Large JPEGs.*"decode": "shrink"/,
  },
  'lanes that decode something else than images': {
    costs: { lane: { ...LANE, decode: 7000, infer: 2000 } },
    state: { decodingAdvice: decodingAdvice({ top_k: 5 }) },
    name: 'decoding',
    says: /74 % of it decoding\. Add CPU cores or workers, or store smaller files\.$/,
  },
  'decode threads that take more than the model': {
    costs: { lane: { ...LANE, decode: 3000, infer: 6000, decodeAhead: 6000 } },
    name: 'decoding',
    says: /58 % of it decoding/,
  },
  'lanes that read files most of the time': {
    costs: { lane: { ...LANE, read: 6000, decode: 1500, infer: 2000 } },
    name: 'reading',
    says: /61 % of it reading files.*faster or nearer disk/,
  },
  'rows too small for the cost of their messages': {
    costs: { lane: { ...LANE, rest: 5000, decode: 1000, infer: 2000 } },
    name: 'coordination',
    says: /neither decoding nor the model.*--batch-size/,
  },
  'idle lanes and slow reads': {
    costs: { lane: IDLE, read: 4500 },
    name: 'reading',
    says: /lanes idle 60 % of the time, rows being read 90 % of the time/,
  },
  'idle lanes and readers that wait for the byte budget': {
    costs: { lane: IDLE, read: 4500, blocked: 2500 },
    name: 'memory',
    says: /held back.* 50 % of the time.*FOREBAY_MAX_INFLIGHT_MB/,
  },
  'a worker near its memory limit': {
    state: { workers: [{ rssBytes: 3.8e9, memoryLimitBytes: 4e9 }] },
    name: 'memory',
    says: /95 % of its memory limit.*--lanes/,
  },
  'idle lanes and blocks of less than two batches': {
    costs: { lane: IDLE, blocks: 160, commit: 3000, write: 3000, run: 12_000 },
    state: { blockRows: 8 },
    name: 'small_blocks',
    says: /40 % of a block's life.*--block-rows from 8/,
  },
  'idle lanes and slow writes': {
    costs: { lane: IDLE, write: 9000 },
    name: 'writing',
    says: /45 % of a block's life goes to writing.*faster disk/,
  },
  'idle lanes and a slow Redis': {
    costs: { lane: IDLE, commit: 9000 },
    name: 'coordination',
    says: /31 % of a block's life.*Redis closer/,
  },
  'batches that are half empty': {
    costs: { fill: 0.5, rows: 640 },
    state: { blockRows: 8 },
    name: 'small_blocks',
    says: /batches only 50 % full.*--block-rows from 8 to 64/,
  },
  'batches that are half empty although blocks are large': {
    costs: { fill: 0.5, rows: 640 },
    name: 'small_blocks',
    says: /--concurrency.*--batch-size from 16/,
  },
  'idle lanes and blocks that wait for slots': {
    costs: { lane: IDLE },
    state: { reason: 'queue_limit' },
    name: 'queue_limit',
    says: /lanes idle 60 %.*--queue-limit/,
  },
  'idle lanes and a concurrency of one': {
    costs: { lane: IDLE },
    state: { concurrency: 1 },
    name: 'queue_limit',
    says: /at most 1 block of.*--concurrency from 1 to 6/,
  },
  'idle lanes that nothing explains': {
    costs: { lane: IDLE },
    name: 'starved_lanes',
    says: /lanes idle 60 % of the time/,
  },
  'a model that nobody serves': {
    costs: null,
    state: { reason: 'no_worker', workers: [] },
    name: 'no_worker',
    says: /no live worker serves model "m".*forebay worker --models/,
  },
  'a job that has just begun': { costs: null, name: 'too_early', says: /0 batches so far.*Look again/ },
  'a job that was too short': {
    costs: { batches: 3 },
    state: { ended: true },
    name: 'too_early',
    says: /^3 batches, too little to tell\. Run it on more rows/,
  },
};

describe('the diagnosis', () => {
  for (const [what, { costs = {}, state = {}, name, says }] of Object.entries(CASES)) {
    it(`of ${what} is ${name}`, () => {
      const found = diagnoseJob(costs && { ...COSTS, ...costs }, { ...STATE, ...state });
      expect(found).toMatchObject({ name });
      expect(`${found!.why}. ${found!.advice}`).toMatch(says);
      expect(found!.advice).toMatch(/^[A-Z].*\.$/);
      if (found!.share !== null) expect(found!.share).toBeLessThanOrEqual(1);
    });
  }

  it('is null for a job that ended before any row reached a lane', () => {
    expect(diagnoseJob(null, { ...STATE, ended: true })).toBeNull();
  });

  it('does not blame a limit while lanes are busy', () => {
    const state = { ...STATE, concurrency: 1, reason: 'queue_limit' };
    expect(diagnoseJob({ ...COSTS, blocked: 4000, read: 4900 }, state)).toMatchObject({ name: 'inference' });
  });
});
