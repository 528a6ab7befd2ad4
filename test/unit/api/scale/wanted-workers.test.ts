import { describe, expect, it } from 'vitest';
import type { PoolWork } from '#forebay/api/scale/pool-work.js';
import { wantedWorkers } from '#forebay/api/scale/wanted-workers.js';

const MODEL = { model: 'a', queue: 'default.a.1', rows: 360_000, rowsPerS: 100, source: 'measured' } as const;
const WORK: PoolWork = {
  pool: 'default',
  liveWorkers: 1,
  drainedWorkers: 0,
  models: [MODEL],
  blocksAtOnce: 500,
  stuckJobs: 0,
};
const IDLE = { models: [], blocksAtOnce: 0 };
const SETTINGS = { targetS: 300, min: 0, max: 50 };

const CASES: Record<
  string,
  { work?: Partial<PoolWork>; settings?: Partial<typeof SETTINGS>; workers: number; why: string }
> = {
  'enough workers to finish in time': {
    workers: 12,
    why: '360000 rows left at 100 rows/s take one worker 3600 s; 12 would finish in 300 s',
  },
  'the work of several models together': {
    work: { models: [MODEL, { ...MODEL, rows: 3000, rowsPerS: 1 }] },
    workers: 22,
    why: '363000 rows left of 2 models take one worker 6600 s; 22 would finish in 300 s',
  },
  'at most the maximum': {
    settings: { max: 10 },
    workers: 10,
    why: '360000 rows left at 100 rows/s take one worker 3600 s; 12 would finish in 300 s; the maximum is 10 (FOREBAY_SCALE_MAX)',
  },
  'no more workers than blocks': {
    work: { blocksAtOnce: 3 },
    workers: 3,
    why: '360000 rows left at 100 rows/s take one worker 3600 s; 12 would finish in 300 s; only 3 blocks can be computed at once',
  },
  'one worker for very little work': {
    work: { models: [{ ...MODEL, rows: 1, source: 'assumed' }] },
    workers: 1,
    why: '1 row left at an assumed 100 rows/s takes one worker under 1 s; 1 would finish in 300 s',
  },
  'one worker, not more, for jobs whose model or storage fails': {
    work: { ...IDLE, stuckJobs: 2 },
    workers: 1,
    why: 'no rows wait; more workers do not help 2 jobs whose model or storage fails',
  },
  'nobody without work': { work: IDLE, workers: 0, why: 'no rows wait' },
  'the minimum without work': {
    work: IDLE,
    settings: { min: 2 },
    workers: 2,
    why: 'no rows wait; the minimum is 2 (FOREBAY_SCALE_MIN)',
  },
};

describe('a pool should have', () => {
  it.each(Object.entries(CASES))('%s', (_, { work, settings, workers, why }) => {
    const wanted = wantedWorkers({ ...WORK, ...work }, { ...SETTINGS, ...settings });
    expect(wanted).toMatchObject({ workers, why });
  });
});
