// A plan and a job of the same request have the same numbers, and the plan describes how the job processes a row.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createClient, type Client } from '#forebay/client/client.js';
import { meanColourModel, writeModelFolder } from '../../support/onnx/models.ts';
import {
  readOutput,
  startService,
  writeImages,
  writeTinyModel,
  type Service,
} from '../../support/service.ts';

const ROWS = 300;
const WORKERS = 2;
let service: Service;
let api: Client;

beforeAll(async () => {
  service = await startService({ workers: 0 });
  const identity = [0, 1, 2].map((i) => [0, 1, 2].map((j) => (i === j ? 1 : 0)));
  writeModelFolder(join(service.models, 'unlabelled'), meanColourModel({ classes: identity, side: 8 }), {
    name: 'unlabelled',
    task: 'image-classification',
    preprocess: { resize: 8, crop: 8, decode: 'shrink' },
    activation: 'none',
    batching: { batch_size: 32, max_wait_ms: 50 },
  });
  writeTinyModel(join(service.models, 'turned'), 'turned', { preprocess: { crop: 8, auto_orient: true } });
  await writeImages(service.input, ROWS);
  for (let i = 0; i < WORKERS; i++) await service.startWorker();
  api = createClient({ url: service.url });
});
afterAll(async () => service.close());

interface Case {
  readonly model: string;
  readonly options: Record<string, unknown>;
  /** The plan's description of how rows are decoded and answered. */
  readonly decode: RegExp;
  readonly answer: string;
  readonly batch: number;
}

const CASES: readonly Case[] = [
  {
    model: 'tiny',
    options: {},
    decode: /exactly as in Pillow$/,
    answer: 'softmax, top 2 with labels',
    batch: 128,
  },
  {
    model: 'tiny',
    options: { decode: 'fast', batch_size: 8, top_k: 1, concurrency: 3 },
    decode: /JPEG by libjpeg with its fast transform/,
    answer: 'softmax, top 1 with labels',
    batch: 8,
  },
  {
    model: 'tiny',
    // Without a resize, nothing is shrunk.
    options: { decode: 'shrink', block_rows: 50, limit: 120 },
    decode: /exactly as in Pillow$/,
    answer: 'softmax, top 2 with labels',
    batch: 128,
  },
  {
    model: 'unlabelled',
    options: {},
    decode: /large ones shrunk/,
    answer: 'top 5, without labels',
    batch: 32,
  },
  {
    model: 'turned',
    options: { decode: 'fast' },
    decode: /JPEG by libvips, rotated by their EXIF orientation$/,
    answer: 'softmax, top 2 with labels',
    batch: 128,
  },
];

it.each(CASES)('$model with $options runs as planned', async ({ model, options, ...expected }) => {
  const request = { model, input: { type: 'files' as const, path: service.input }, options };
  const plan = await api.plan(request);
  const does = Object.fromEntries(plan.logical.map((one) => [one.operator, one.does]));
  expect(does['decode']).toMatch(expected.decode);
  expect(does['postprocess']).toBe(expected.answer);
  expect(plan.numbers.batch_size.value).toBe(expected.batch);

  const job = await service.ended((await api.submit(request)).id);
  const stats = await api.stats(job.id);
  expect(job.options.block_rows).toBe(plan.numbers.block_rows.value);
  expect(job.rows.total).toBe(plan.rows.total);
  expect(job.model_hash).toBe(plan.model_hash);
  expect(job.blocks.done).toBe(Math.ceil(plan.rows.total! / plan.numbers.block_rows.value));
  expect(stats.workers.map((worker) => worker.id).toSorted()).toEqual(
    plan.workers.map((worker) => worker.id).toSorted(),
  );
  expect(stats.workers.reduce((sum, worker) => sum + worker.lanes, 0)).toBe(plan.numbers.lanes!.value);
  expect(stats.mean_batch_rows!).toBeLessThanOrEqual(plan.numbers.batch_size.value);
  if (typeof options['batch_size'] !== 'number') {
    expect(stats.workers[0]!.batch_size).toBe(plan.numbers.batch_size.value);
  }

  const [first] = readOutput(job.output);
  const answers = Number(/top (\d+)/.exec(expected.answer)![1]);
  expect(first!.predictions).toHaveLength(Math.min(answers, 3));
  expect('label' in first!.predictions![0]!).toBe(expected.answer.endsWith('with labels'));
});
