// Makes plans from facts, without a service. Every constraint binds in at least one case. A plan names missing facts.
import { describe, expect, it } from 'vitest';
import { makePlan } from '#forebay/api/plan/make-plan.js';
import type { PlanFacts, PlanWorker } from '#forebay/api/plan/facts.js';
import { PLAN } from '#forebay/api/http/wire/plan.js';
import type { SampleReply } from '#forebay/shared/queue/workers/sample-requests.js';
import { planText } from '#forebay/cli/plan/plan-text.js';
import { planLanes } from '#forebay/workers/settings/plan-lanes.js';
import { jobOptions } from '../../../support/job-options.ts';
import { checkedConfig } from '../../../support/onnx/models.ts';

const GB = 2 ** 30;
const MODEL = { name: 'tiny', hash: 'ab'.repeat(32), pool: 'default' };
const resources = { cpus: 2, memoryBytes: 8 * GB };
const { choices } = planLanes(resources, 1_000_000, {});

const REPLY: SampleReply = {
  rate: { rowsPerS: 100, errorRowsPerS: 10, rows: 100, seconds: 1 },
  rows: 50,
  passes: 2.5,
  lanes: 2,
  meanRowBytes: 100_000,
  stageMs: { decode: 5, infer: 10 },
  failedRows: 0,
  errors: [],
  blocksBeside: 0,
  problem: null,
};

function worker(change: Partial<SampleReply> = {}, id = 'w1', served: object = {}): PlanWorker {
  return {
    info: { id, host: 'h', resources: { ...resources, inflightBytes: 256 * 2 ** 20 }, plan: choices },
    served: {
      ref: MODEL,
      lanes: 2,
      batchSize: 4,
      problem: null,
      graph: null,
      batchInvariance: null,
      memory: null,
      sizing: {
        fileBytes: 1_000_000,
        lanes: choices.lanes,
        threads: choices.threads,
        batch: { value: 4, boundBy: 'sample_size', why: 'x' },
      },
      ...served,
    },
    answer: { ok: true, reply: { ...REPLY, ...change } },
  };
}

function facts(change: Partial<PlanFacts> = {}): PlanFacts {
  return {
    model: MODEL,
    config: checkedConfig({
      name: 'tiny',
      task: 'image-classification',
      preprocess: { resize: 256, crop: 224, interpolation: 'bicubic' },
      softmax: true,
    }),
    dataset: { type: 'files', root: '/in', include: [], exclude: [] },
    asked: { batch_size: null, block_rows: null, concurrency: null },
    options: jobOptions({ block_rows: 32 }),
    resumes: false,
    delta: null,
    leftOut: [],
    workers: [worker()],
    modelProblem: null,
    configuredQueueLimit: undefined,
    maxRows: null,
    rows: { total: 1000, atLeast: 1000, why: null },
    rowKinds: { file: 50, url: 0, blob: 0, record: 0, invalid: 0 },
    ...change,
  };
}

const plan = (change: Partial<PlanFacts> = {}) => PLAN.parse(makePlan(facts(change)));
const options = (change: object) => ({ ...facts().options, ...change });
const asked = (change: object) => ({ ...facts().asked, ...change });

describe('a number of a plan', () => {
  it.each([
    ['batch_size', {}, 4, 'sample_size'],
    ['batch_size', { asked: asked({ batch_size: 32 }) }, 32, 'option'],
    ['batch_size', { workers: [] }, 4, 'sample_size'],
    ['batch_size', { workers: [], config: null }, 4, 'floor'],
    ['block_rows', {}, 32, 'floor'],
    ['block_rows', { asked: asked({ batch_size: 8 }) }, 32, 'batch_size'],
    ['block_rows', { asked: asked({ block_rows: 7 }), options: options({ block_rows: 7 }) }, 7, 'option'],

    ['block_rows', { resumes: true, options: options({ block_rows: 9 }) }, 9, 'option'],
    ['lanes', {}, 2, 'cpus'],
    ['lanes', { workers: [worker(), worker({}, 'w2')] }, 4, 'cpus'],
    ['lanes_fed', {}, 2, 'lanes'],
    // 128 MB / (3 batches x 4 rows x 8 MB) = 1.3
    ['lanes_fed', { workers: [worker({ meanRowBytes: 8 * 2 ** 20 })] }, 1, 'inflight_bytes'],
    ['job_window', {}, 16, 'floor'],
    ['job_window', { workers: [worker({}, 'w', { lanes: 10 })] }, 40, 'lanes'],
    ['job_window', { asked: asked({ concurrency: 3 }) }, 3, 'option'],
    ['queue_limit', {}, 64, 'floor'],
    ['queue_limit', { workers: [worker({}, 'w', { lanes: 10 })] }, 80, 'lanes'],
    ['queue_limit', { configuredQueueLimit: 5 }, 5, 'setting'],
    ['inflight_bytes', {}, 256 * 2 ** 20, 'setting'],
    ['threads_per_lane', {}, 1, 'cpus'],
    ['batches_per_lane', {}, 3, 'ceiling'],
    ['reads_at_once', {}, 32, 'ceiling'],
  ] as const)('%s with %o is %d, bound by %s', (name, change, value, boundBy) => {
    const number = plan(change as Partial<PlanFacts>).numbers[name];
    expect(number).toMatchObject({ value, bound_by: boundBy });
    expect(number!.why).not.toBe('');
  });
});

it('a batch size without workers says that a worker may choose half of it', () => {
  expect(plan({ workers: [] }).numbers.batch_size.why).toBe(
    'from the size of the input tensor; a worker halves it for a graph of up to 16 MB, and may lower it more',
  );
});

describe('the operators', () => {
  const lane = (change: Partial<PlanFacts>) =>
    plan(change).physical.stages.find(({ where }) => where === 'lane')!.operators;
  const notFused = (change: Partial<PlanFacts>) => plan(change).physical.not_fused.map((n) => n.operator);

  it('are fused in the lane from a local file to the answer', () => {
    expect(lane({})).toEqual(['read', 'decode', 'resample', 'normalise', 'infer', 'postprocess']);
    expect(notFused({})).toEqual(['enumerate', 'write']);
  });
  it('fetch URLs and read rows of a request outside the lane', () => {
    const urls = { file: 0, url: 9, blob: 0, record: 0, invalid: 0 };
    expect(lane({ rowKinds: urls })[0]).toBe('decode');
    expect(notFused({ rowKinds: urls })).toContain('fetch');
    expect(notFused({ rowKinds: { ...urls, url: 0, blob: 3, record: 0 } })).toContain('read');
    expect(lane({ rowKinds: { ...urls, file: 2 } })[0]).toBe('read');
  });
  it('say what they do', () => {
    const does = Object.fromEntries(plan().logical.map(({ operator, does }) => [operator, does]));
    expect(does['resample']).toBe('shorter side to 256, bicubic, centre 224 x 224');
    expect(does['postprocess']).toBe('softmax, top 5, without labels');
  });
});

describe('the estimate', () => {
  it('has rows/s and time with their intervals', () => {
    expect(plan().estimate).toMatchObject({
      rows_per_s: { value: 100, low: 90, high: 110 },
      eta_s: { value: 10, low: 9.09, high: 11.11 },
    });
  });
  it('adds up the rates of workers that ran the sample at the same time, and the squares of their errors', () => {
    const { rows_per_s } = plan({ workers: [worker(), worker({}, 'w2')] }).estimate;
    expect(rows_per_s).toEqual({ value: 200, low: 186, high: 214 });
  });
  it('estimates a worker without a sample by its number of lanes', () => {
    const silent = { ...worker({}, 'w2'), answer: { ok: false, why: 'it did not answer' } } as const;
    const made = plan({ workers: [worker(), silent] });
    expect(made.estimate.rows_per_s).toMatchObject({ value: 200, low: 180 });
    expect(made.estimate.why).toMatch(/1 of 2 workers; the others are estimated by their lanes/);
    expect(made.workers[1]).toMatchObject({ rows_per_s: null, no_sample: 'it did not answer' });
  });
  it('has no interval if the sample was too short for one', () => {
    const rate = { rowsPerS: 100, errorRowsPerS: null, rows: 4, seconds: 1 };
    const { estimate } = plan({ workers: [worker({ rate })] });
    expect(estimate.rows_per_s).toEqual({ value: 100, low: null, high: null });
    expect(estimate.why).toMatch(/too few batches/);
  });
  it('has no time if the rows could not be counted', () => {
    const rows = { total: null, atLeast: 10_000, why: 'counting them takes longer than 2 s' };
    const made = plan({ rows });
    expect([made.estimate.eta_s, made.rows]).toEqual([
      null,
      { total: null, at_least: 10_000, why: rows.why },
    ]);
  });
  it.each([
    ['no live worker', { workers: [] }, /no live worker serves tiny/],
    [
      'a model that cannot be loaded',
      { workers: [], modelProblem: 'a bad graph' },
      /has loaded the model: a bad graph/,
    ],
    ['no row', { rows: { total: 0, atLeast: 0, why: null } }, /holds no row/],
    ['no answer', {}, /no sample: no row was finished/],
  ] as const)('is missing with %s, and says why', (_, change, why) => {
    const made = plan({ workers: [worker({ rate: null })], ...change });
    expect(made.estimate).toEqual({ rows_per_s: null, eta_s: null, why: expect.stringMatching(why) });
    expect(planText(made, { next: 'x' })).toMatch(why);
  });
});

describe('a warning', () => {
  const gb = { modelBytes: 4 * GB, batchBytes: GB };
  it.each([
    [
      'more rows than a job may have',
      { maxRows: 20, rows: { total: 21, atLeast: 21, why: null } },
      /refused.* 21 rows\. .* 20 \(FOREBAY_MAX_ROWS\).*options\.limit/,
    ],
    [
      'more rows than a job may have, so far',
      { maxRows: 20, rows: { total: null, atLeast: 21, why: 'it takes too long' } },
      / 21 rows or more/,
    ],
    ['memory, as measured', { workers: [worker({}, 'w', { memory: gb })] }, /2 lanes .* need 10.0 GB/],
    ['bytes in flight', { workers: [worker({ meanRowBytes: 9e6 })] }, /keep only 1 of 2 lanes busy/],
    [
      'blocks smaller than a batch',
      { asked: asked({ block_rows: 2 }), options: options({ block_rows: 2 }) },
      /smaller than a batch of 4/,
    ],
    [
      'a narrow window',
      { asked: asked({ concurrency: 1, block_rows: 8 }), options: options({ block_rows: 8 }) },
      /options\.concurrency 1 lets workers hold 8 rows.* could use 24/,
    ],
    ['few rows', { rows: { total: 5, atLeast: 5, why: null } }, /^5 rows cannot fill/m],
    [
      'failed rows',
      { workers: [worker({ failedRows: 9, errors: [{ code: 'decode_failed', rows: 9, message: 'torn' }] })] },
      /9 of 100 measured rows failed, mostly decode_failed: torn/,
    ],
    ['concurrent jobs', { workers: [worker({ blocksBeside: 3 })] }, /3 of their blocks shared/],
    ['warm files', {}, /came from the page cache/],
    ['a resumed output', { resumes: true }, /counts all rows/],
  ] as const)('is given for %s', (_, change, text) => {
    expect(plan(change as Partial<PlanFacts>).warnings.join('\n')).toMatch(text);
  });
  it('is not given if nothing is wrong', () => {
    expect(plan({ workers: [worker({ passes: 1 })] }).warnings).toEqual([]);
  });
});

it('the text of a plan counts one of each kind in the singular', () => {
  const sizes = { batch_size: 1, block_rows: 1, concurrency: 1 };
  const large = planLanes({ cpus: 1, memoryBytes: 8 * GB }, 1_000_000, {}).choices;
  const single = worker({ rows: 1, meanRowBytes: 60e6 }, 'w', {
    lanes: 1,
    sizing: { ...worker().served.sizing!, lanes: large.lanes, threads: large.threads },
    memory: { modelBytes: 8 * GB, batchBytes: GB },
  });
  const text = planText(
    plan({
      workers: [{ ...single, info: { ...single.info, plan: large } }],
      asked: asked(sizes),
      options: options({ block_rows: 1, batch_size: 1 }),
      rows: { total: null, atLeast: 1, why: 'it takes too long' },
    }),
    { next: 'x' },
  );
  expect(text).toMatch(/at least 1 row /);
  expect(text).toMatch(/lets workers hold 1 row,/);
  expect(text).toMatch(/1 lane with model and batch needs/);
  expect(text).not.toMatch(/(?<![\d.,])1 (rows|lanes|batches|cores|blocks|workers|threads)\b/);
});

it('the text of a plan names each number and the next command', () => {
  const text = planText(plan(), { next: 'forebay run --model m' });
  expect(text).toMatch(/batch size +4 +sample size/);
  expect(text).toMatch(/\[read > decode > resample > normalise > infer > postprocess\]/);
  expect(text).toMatch(/speed +100 \(90 to 110\) rows\/s/);
  expect(text).toMatch(/time +10 s \(9\.1 s to 11 s\)/);
  expect(text.trimEnd().endsWith('forebay run --model m')).toBe(true);
});
