import { describe, expect, it } from 'vitest';
import { JOB, jobToWire } from '#forebay/api/http/wire/job.js';
import { eventToWire } from '#forebay/api/http/wire/event.js';
import { costsOf } from '#forebay/api/jobs/report/job-costs.js';
import { countsToWire } from '#forebay/api/http/wire/stats.js';
import type { JobRecord } from '#forebay/shared/domain/job/job.js';
import { jobOptions } from '../../../../support/job-options.ts';

const RECORD: JobRecord = {
  spec: {
    v: 1,
    id: 'job_01KAMK6X5V8E3M7Q9T2R4W6Y8Z',
    model: { name: 'digits', hash: 'abc', pool: 'default' },
    dataset: { type: 'urls', spool: '/spool/x' },
    output: '/out',
    options: jobOptions({ block_rows: 16, max_errors: '1%' }),
    input: { type: 'urls', count: 2 },
    tenant: 'default',
    resume: false,
    opening: null,
    retry_of: null,
    webhook: null,
    metadata: { a: 'b' },
    created_at: Date.UTC(2026, 10, 22),
  },
  status: 'running',
  opened: true,
  reason: null,
  reasonText: null,
  total: 100,
  succeeded: 40,
  failed: 10,
  errorsByCode: { decode_failed: 10 },
  skipped: { not_images: { count: 1, first: ['notes.txt'] } },
  adopted: 5,
  delta: null,
  cache: null,
  blocks: { queued: 1, running: 2, done: 3 },
  rowsPerS: 3.14159,
  startedAt: Date.UTC(2026, 10, 22, 1),
  committedAt: null,
  finishedAt: null,
  error: null,
  left: 0,
  filePlan: null,
};

describe('a job on the wire', () => {
  it('fits its own schema, with ISO times and rounded figures', () => {
    const wire = jobToWire(RECORD);
    expect(JOB.parse(wire)).toEqual(wire);
    expect(wire).toMatchObject({
      model: 'digits',
      model_hash: 'abc',
      rows: { total: 100, succeeded: 40, failed: 10, adopted: 5 },
      throughput: { rows_per_s: 3.14 },
      eta_s: 15.9,
      created_at: '2026-11-22T00:00:00.000Z',
      started_at: '2026-11-22T01:00:00.000Z',
      finished_at: null,
    });
    expect(JSON.stringify(wire)).not.toContain('spool');
  });

  it('has no ETA if it cannot be estimated', () => {
    expect(jobToWire({ ...RECORD, total: null }).eta_s).toBeNull();
    expect(jobToWire({ ...RECORD, rowsPerS: null }).eta_s).toBeNull();
    expect(jobToWire({ ...RECORD, rowsPerS: 0 }).eta_s).toBeNull();
    expect(jobToWire({ ...RECORD, status: 'paused' }).eta_s).toBeNull();
    expect(jobToWire({ ...RECORD, status: 'completed' }).eta_s).toBeNull();
    expect(jobToWire({ ...RECORD, status: 'finalizing' }).eta_s).toBe(0);
  });
});

describe('an event on the wire', () => {
  it('shows the counters at the time of the event, not the current ones', () => {
    const data = '{"block":7,"succeeded":8,"failed":2,"blocks_done":1}';
    expect(eventToWire({ id: '1-0', type: 'progress', data }, RECORD)).toEqual({
      id: '1-0',
      type: 'progress',
      data: {
        block: 7,
        rows: { total: 100, succeeded: 8, failed: 2, adopted: 5 },
        blocks: { queued: 1, running: 2, done: 1 },
        throughput: { rows_per_s: 3.14 },
        eta_s: 28.6,
      },
    });
    expect(eventToWire({ id: '1-0', type: 'later-version', data: '{}' }, RECORD)).toBeNull();
  });
});

describe('stats on the wire', () => {
  it('turn counters into means, and are null for what was not measured', () => {
    const costs = costsOf({ blocks_run: 2, rows_computed: 10, batches_milli: 3000, room_milli: 12_000 });
    expect(countsToWire(costs, 12, 7)).toEqual({
      rows: 12,
      bytes: 7,
      batches: 3,
      mean_batch_rows: 3.33,
      mean_batch_fill: 0.833,
    });
    expect(countsToWire(costsOf({ rows_adopted: 4 }), 4, null)).toEqual({
      rows: 4,
      bytes: null,
      batches: null,
      mean_batch_rows: null,
      mean_batch_fill: null,
    });
  });

  it('estimate the cost of an unreported commit from the reported commits', () => {
    expect(costsOf({ blocks_run: 3, commits: 2, commit_us: 4000 })?.commit).toBe(6);
  });
});
