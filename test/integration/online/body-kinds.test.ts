// Every kind of request with a large body: the answer is the same, whether the body is a file in memory or passes through
// Redis. Two APIs share the workers, and only one of them uses the folder.
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { writeWav } from '../../support/audio/write-wav.ts';
import { loudnessClasses } from '../../support/onnx/audio-models.ts';
import { writeOnnx } from '../../support/onnx/graph.ts';
import { floatOutput } from '../../support/onnx/image-graph.ts';
import { step } from '../../support/onnx/mean-model.ts';
import { meanColourModel, writeModelFolder } from '../../support/onnx/models.ts';
import { identityModel, writeTensorModel } from '../../support/onnx/tensor-models.ts';
import { largestOfTokens } from '../../support/onnx/text-graphs.ts';
import { startOwnProcess, type OwnProcess } from '../../support/own-process.ts';
import {
  blocksOn,
  cascade,
  chain,
  ensemble,
  FINDER_SIDE,
  RED_ONLY,
  SIDE,
  SURE,
  writeColours,
  writeFinder,
  writePipeline,
} from '../../support/pipelines.ts';
import { writePredictor } from '../../support/predictors.ts';
import { startService, type Service } from '../../support/service.ts';
import { VOCABULARY, writeTextModel } from '../../support/text-models.ts';
import { waitUntil } from '../../support/wait-until.ts';

const WIDE = 24;
const MODELS = 18;
const FLOATS = 8192;

const dir = mkdtempSync(join(tmpdir(), 'fbt-kinds-'));
let service: Service;
let viaRedis: OwnProcess;
let redisUrl: string;
const written = new Set<string>();
const watcher = watch(dir, (_, name) => name?.endsWith('.body') && written.add(name));

beforeAll(async () => {
  service = await startService({ workers: 0, env: { FOREBAY_ONLINE_DIR: dir } });
  viaRedis = startOwnProcess('api', {
    ...service.env,
    FOREBAY_ONLINE_DIR: 'off',
    FOREBAY_LOG_LEVEL: 'info',
  });
  const url = await viaRedis.says(/https?:\/\/[\d.]+:\d+/);
  [redisUrl] = url as unknown as [string];
  writeModels(service.models);
});
afterEach(() => expect(readdirSync(dir)).toEqual(['folder-id']));
afterAll(async () => {
  watcher.close();
  process.kill(viaRedis.pid, 'SIGTERM');
  await viaRedis.ended;
  await service.close();
  rmSync(dir, { recursive: true });
});

function writeModels(models: string): void {
  const at = (name: string) => join(models, name);
  writeColours(models, 'colour', SURE);
  writeColours(models, 'red-only', RED_ONLY);
  const wide = meanColourModel({ side: WIDE, classes: SURE });
  const classifier = { task: 'image-classification', activation: 'softmax', top_k: 3 };
  const labels = ['red', 'green', 'blue'];
  writeModelFolder(at('wide'), wide, { ...classifier, name: 'wide', preprocess: { crop: WIDE } }, labels);
  const map = writeOnnx({
    inputs: [{ name: 'image', type: 'float32', shape: ['N', 3, SIDE, SIDE] }],
    outputs: [floatOutput('map', 'N', 3, SIDE, SIDE)],
    operators: [step('Identity', ['image'], 'map')],
    weights: [],
  });
  const preprocess = { crop: SIDE };
  const embedding = { name: 'embedding', task: 'image-embedding', preprocess, pooling: 'mean' };
  writePlain(at('embedding'), map, embedding);
  const segmentation = { name: 'segments', task: 'image-segmentation', preprocess, activation: 'none' };
  writeModelFolder(at('segments'), map, segmentation, labels);
  writeFinder(models, 'finder', { resize: { width: FINDER_SIDE, height: FINDER_SIDE } });
  const sound = {
    name: 'sound',
    task: 'audio',
    sample_rate: 1000,
    answer: 'predictions',
    activation: 'softmax',
    top_k: 3,
  };
  writePlain(at('sound'), loudnessClasses(), sound);
  writeTextModel(at('mood'), {
    graph: largestOfTokens({ table: VOCABULARY.map((_, id) => [id, -id]) }),
    config: { name: 'mood', task: 'text-classification', activation: 'none' },
    labels: ['place', 'feeling'],
  });
  writeTensorModel(at('tensors'), identityModel('float32', ['N', FLOATS]), { name: 'tensors' });
  for (const [name, config] of [
    ['two-sizes', ensemble('all', 'colour', 'wide')],
    ['partial', { ...ensemble('all', 'colour', 'wide'), on_member_error: 'partial' }],
    ['levels', cascade('red-only', 0.9, 'wide')],
    ['things', chain('finder', { model: 'colour', for_each: 'detections' })],
  ] as const) {
    writePipeline(models, { name, ...config });
  }
  const bytes = `predict: (rows) => rows.map(({ bytes }) => ({
    length: bytes.length, sum: bytes.reduce((sum, byte) => sum + byte, 0) })),`;
  writePredictor(at('code'), bytes, { name: 'code', input: 'image' });
  const pixels = `predict: (rows, ctx) => Promise.all(rows.map(async ({ bytes }) =>
    Array.from(await ctx.pixels(bytes, { crop: 4 })))),`;
  writePredictor(at('pixels'), pixels, { name: 'pixels', input: 'image' });
  const late = `async load(ctx) {}, async predict(rows) {
    // A predictor may keep the bytes over a wait.
    await new Promise((go) => setTimeout(go, 20));
    return rows.map(({ bytes }) => bytes.length); },`;
  writePredictor(at('late'), late, { name: 'late', input: 'audio' });
  writeColours(models, 'hooked', SURE);
  const hooks = `import { defineHooks } from 'forebay/predictor';
    export default defineHooks({ before: (rows) => rows.map(({ bytes }) => bytes.length > 1e5 ? { error: { code: 'invalid_row', message: 'long' } } : { bytes }),
      after: (results, rows) => results.map((result, i) => rows[i].bytes.length > 16384 ? result : null) });`;
  writeFileSync(join(at('hooked'), 'hooks.js'), hooks);
}

function writePlain(folder: string, graph: Buffer, config: object): void {
  mkdirSync(folder);
  writeFileSync(join(folder, 'model.onnx'), graph);
  writeFileSync(join(folder, 'model.json'), JSON.stringify(config));
}

async function photo(width: number, height: number): Promise<Buffer> {
  const pixels = randomBytes(3 * width * height).map((value, i) => (i % 3 === 1 ? value : value >> 1));
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

async function bright(): Promise<Buffer> {
  const blocks = [
    { at: [10, 10, 60, 60], colour: [250, 20, 20] },
    { at: [120, 100, 70, 80], colour: [20, 20, 250] },
  ] as const;
  const picture = sharp(await blocksOn(240, 240, blocks))
    .ensureAlpha()
    .raw();
  // Without compression, so that the file is large.
  return sharp(await picture.toBuffer(), { raw: { width: 240, height: 240, channels: 4 } })
    .png({ compressionLevel: 0 })
    .toBuffer();
}

interface Asked {
  readonly path: string;
  readonly type: string;
  readonly body: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

const file = (model: string, body: Buffer, type = 'image/png', query = ''): Asked => ({
  path: `/v1/models/${model}/predict${query}`,
  type,
  body,
});
const json = (path: string, value: object): Asked => ({
  path,
  type: 'application/json',
  body: Buffer.from(JSON.stringify(value)),
});

function binary(model: string, inputs: readonly object[], data: Buffer): Asked {
  const head = Buffer.from(JSON.stringify({ inputs, parameters: { binary_data_output: true } }));
  return {
    path: `/v2/models/${model}/infer`,
    type: 'application/octet-stream',
    body: Buffer.concat([head, data]),
    headers: { 'inference-header-content-length': String(head.length) },
  };
}

function lengthed(text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(Buffer.byteLength(text));
  return Buffer.concat([length, Buffer.from(text)]);
}

/** Any header or field that says how long it took. */
const withoutTimes = (text: string) => text.replace(/"(?:\w+_)?ms":[\d.]+/g, '"ms":0');

async function answer(url: string, { path, type, body, headers }: Asked) {
  const response = await fetch(new URL(path, url), {
    method: 'POST',
    headers: { 'content-type': type, ...headers },
    body,
  });
  const text = Buffer.from(await response.arrayBuffer()).toString('latin1');
  return { status: response.status, type: response.headers.get('content-type'), text: withoutTimes(text) };
}

const long = 'paris loves mary. '.repeat(1500);

const KINDS: Readonly<Record<string, () => Promise<Asked>>> = {
  'an image to classify': async () => file('colour', await photo(120, 90), 'image/png', '?top_k=2'),
  'an image to embed': async () => file('embedding', await photo(90, 120)),
  'an image to segment': async () => file('segments', await photo(90, 90)),
  'an image to find things in': async () => file('finder', await bright()),
  'a large image for a large model': async () => file('wide', await photo(1200, 900)),
  'an ensemble of two sizes': async () => file('two-sizes', await photo(100, 100)),
  'an ensemble that may be partial': async () => file('partial', await photo(100, 100)),
  'a cascade': async () => file('levels', await photo(100, 100)),
  'a chain with crops': async () => file('things', await bright()),
  'code that reads bytes': async () => file('code', await photo(100, 100)),
  'code that reads pixels': async () => file('pixels', await photo(100, 100)),
  'code that waits': async () => file('late', randomBytes(70_000), 'audio/wav'),
  hooks: async () => file('hooked', await photo(100, 100)),
  'a sound': async () =>
    file(
      'sound',
      writeWav([Array.from({ length: 20_000 }, (_, i) => Math.sin(i))], { rate: 8000 }),
      'audio/wav',
    ),
  'a text': () => Promise.resolve(file('mood', Buffer.from(long), 'text/plain')),
  'rows with images': async () =>
    json('/v1/models/colour/predict', {
      rows: [
        { id: 'a', image: (await photo(100, 100)).toString('base64') },
        { id: 'b', image: (await photo(50, 150)).toString('base64') },
        { id: 'c', image: 'bm8gaW1hZ2U=' },
      ],
    }),
  'rows with images for a chain': async () =>
    json('/v1/models/things/predict', { rows: [{ image: (await bright()).toString('base64') }] }),
  'tensors as JSON': () =>
    Promise.resolve(
      json('/v2/models/tensors/infer', {
        inputs: [
          {
            name: 'x',
            datatype: 'FP32',
            shape: [2, FLOATS],
            data: Array.from({ length: 2 * FLOATS }, (_, i) => i / 8),
          },
        ],
      }),
    ),
  'binary tensors': () =>
    Promise.resolve(
      binary(
        'tensors',
        [{ name: 'x', datatype: 'FP32', shape: [3, FLOATS], parameters: { binary_data_size: 12 * FLOATS } }],
        Buffer.from(Float32Array.from({ length: 3 * FLOATS }, (_, i) => i / 16).buffer),
      ),
    ),
  'binary texts': () => {
    const data = Buffer.concat([lengthed(long), lengthed('paris')]);
    const size = { binary_data_size: data.length };
    return Promise.resolve(
      binary('mood', [{ name: 'text', datatype: 'BYTES', shape: [2], parameters: size }], data),
    );
  },
};

/** Their rows fail, in the lane or in code. */
const FAILURES: Readonly<Record<string, () => Promise<Asked>>> = {
  ...Object.fromEntries(
    ['colour', 'two-sizes', 'partial', 'levels', 'things', 'pixels', 'hooked'].map((model) => [
      `no image for ${model}`,
      () => Promise.resolve(file(model, randomBytes(50_000))),
    ]),
  ),
  'a cut image': async () => file('colour', (await photo(200, 200)).subarray(0, 60_000)),
  'no sound': () => Promise.resolve(file('sound', randomBytes(50_000), 'audio/wav')),
  'an image that code refuses': async () => file('hooked', await photo(300, 300)),
};

describe.each([
  ['decode in the thread of the session', {}],
  ['have decode threads', { FOREBAY_DECODE_IN: 'threads', FOREBAY_DECODE_THREADS: '2' }],
])('lanes that %s', (_, env: Record<string, string>) => {
  beforeAll(async () => {
    await service.startWorker(env);
    for (const url of [service.url, redisUrl]) {
      await waitUntil(
        'all models to be ready',
        async () => {
          const index = await fetch(new URL('/v2/repository/index', url), {
            method: 'POST',
            body: '{"ready":true}',
          });
          return ((await index.json()) as unknown[]).length === MODELS;
        },
        30_000,
      );
    }
  }, 120_000);
  afterAll(async () => service.stopWorkers());

  it.each(Object.entries(KINDS))('answer %s the same', async (__, make) => {
    await expectSame(await make(), 200);
  });

  it.each(Object.entries(FAILURES))('refuse %s the same', async (__, make) => {
    await expectSame(await make(), null);
  });

  async function expectSame(asked: Asked, status: number | null): Promise<void> {
    expect(asked.body.length).toBeGreaterThan(16_384);
    const before = written.size;
    const expected = await answer(redisUrl, asked);
    expect(written.size).toBe(before);
    const found = await answer(service.url, asked);
    expect(found).toEqual(expected);
    if (status === null) expect(found.text).toMatch(/"(?:code|member_errors)":/);
    else expect({ text: found.text, status: found.status }).toMatchObject({ status });
    await waitUntil('its file to be seen', () => written.size === before + 1);
  }
});
