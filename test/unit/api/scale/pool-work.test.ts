import { describe, expect, it } from 'vitest';
import { measureRates } from '#forebay/api/scale/measure-rates.js';
import { poolsOf, workOfPool } from '#forebay/api/scale/pool-work.js';
import type { JobRecord } from '#forebay/shared/domain/job/job.js';
import { blockQueueName } from '#forebay/shared/queue/keys.js';
import type { WorkerInfo } from '#forebay/shared/queue/workers/worker-registry.js';

const REF = { name: 'a', hash: 'ab'.repeat(32), pool: 'gpu' };
const QUEUE = blockQueueName(REF);
const BLOCKS = { queued: 2, running: 1, done: 0 };

function job(
  fields: Partial<Omit<JobRecord, 'spec'>> = {},
  { model = REF, concurrency = null }: { model?: typeof REF; concurrency?: number | null } = {},
): JobRecord {
  return {
    status: 'running',
    reason: null,
    total: 1000,
    succeeded: 90,
    failed: 10,
    blocks: BLOCKS,
    ...fields,
    spec: { model, options: { block_rows: 100, concurrency } },
  } as unknown as JobRecord;
}

function worker(lanes: number, more: object = {}): WorkerInfo {
  return { pool: 'gpu', models: [{ ref: REF, lanes, problem: null, ...more }] } as unknown as WorkerInfo;
}

const RATES = { measured: new Map<string, number>(), remembered: new Map<string, number>(), assumed: 20 };
const workOf = (jobs: JobRecord[], rates = RATES) => workOfPool('gpu', { jobs, workers: [worker(2)] }, rates);

describe('the work of a pool', () => {
  it('is the uncommitted rows of its running and queued jobs', () => {
    const others = { ...REF, pool: 'cpu' };
    const jobs = [
      job(),
      job({ status: 'queued', succeeded: 0, failed: 0 }),
      job({ status: 'paused' }),
      job({}, { model: others }),
    ];
    expect(workOf(jobs)).toMatchObject({
      liveWorkers: 1,
      models: [{ model: 'a', rows: 1900, rowsPerS: 20, source: 'assumed' }],
      blocksAtOnce: 9 + 10,
      stuckJobs: 0,
    });
    expect(poolsOf({ jobs, workers: [] })).toEqual(['cpu', 'gpu']);
  });

  it('counts no draining worker as live, and only drained workers need a replacement', () => {
    const workers = ['running', 'draining', 'drained', undefined].map(
      (intake) => ({ ...worker(2), intake }) as WorkerInfo,
    );
    expect(workOfPool('gpu', { jobs: [], workers }, RATES)).toMatchObject({
      liveWorkers: 2,
      drainedWorkers: 1,
    });
  });

  it('is at least the known blocks while a dataset is being counted', () => {
    expect(workOf([job({ total: null })])).toMatchObject({ models: [{ rows: 300 }], blocksAtOnce: Infinity });
    const unread = { queued: 0, running: 0, done: 0 };
    expect(workOf([job({ total: null, blocks: unread })])).toMatchObject({ models: [{ rows: 100 }] });
  });

  it('allows no more blocks at once than the jobs do', () => {
    expect(workOf([job({}, { concurrency: 2 })]).blocksAtOnce).toBe(2);
  });

  it('counts jobs that more workers do not help apart', () => {
    const jobs = [job({ reason: 'model_failed' }), job({ reason: 'storage_unavailable' })];
    expect(workOf(jobs)).toMatchObject({ models: [], blocksAtOnce: 0, stuckJobs: 2 });
  });

  it('prefers a measured rate to a remembered one, and that to an assumed one', () => {
    const remembered = new Map([[QUEUE, 50]]);
    expect(workOf([job()], { ...RATES, remembered }).models).toMatchObject([
      { rowsPerS: 50, source: 'remembered' },
    ]);
    expect(workOf([job()], { ...RATES, remembered, measured: new Map([[QUEUE, 70]]) }).models).toMatchObject([
      { rowsPerS: 70, source: 'measured' },
    ]);
  });
});

describe('the rate of a worker', () => {
  // 1,000 rows in 20 batches, and 10 s of lane work: 100 rows/s per lane.
  const counters = {
    blocks_run: 10,
    rows_computed: 1000,
    batches_milli: 20_000,
    infer_us: 9_000_000,
    decode_us: 1_000_000,
    idle_us: 90_000_000,
  };

  it('is that of its lanes while they work, over all jobs of the model', () => {
    expect(measureRates({ jobs: [job()], workers: [worker(2), worker(4)] }, [counters]).get(QUEUE)).toBe(300);
    const both = { jobs: [job(), job()], workers: [worker(2)] };
    expect(measureRates(both, [counters, {}]).get(QUEUE)).toBe(200);
  });

  it('is unknown before enough batches, and without a worker that has loaded the model', () => {
    const rate = (info: WorkerInfo, sums: Record<string, number>) =>
      measureRates({ jobs: [job()], workers: [info] }, [sums]).get(QUEUE);
    expect(rate(worker(2), { ...counters, batches_milli: 7000 })).toBeUndefined();
    expect(rate(worker(2, { isUnloaded: true }), counters)).toBeUndefined();
    expect(rate(worker(2), {})).toBeUndefined();
  });
});
