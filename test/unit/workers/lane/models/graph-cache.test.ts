// Optimised graphs are saved, tried, used and deleted. onnxruntime runs in the test's own process.
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { ExecutionProvider } from '#forebay/shared/domain/model/execution-providers.js';
import { loadModelFolder } from '#forebay/shared/models/model-folder.js';
import type { OnnxSession, SessionOptions } from '#forebay/workers/lane/models/onnx-session.js';
import { meanColourModel, writeModelFolder } from '../../../../support/onnx/models.ts';

process.env['ORT_DISABLE_TELEMETRY'] = '1';
Reflect.deleteProperty(globalThis, 'Float16Array');
const { openGraph } = await import('#forebay/workers/lane/models/graph-cache.js');
const { createOnnxSession } = await import('#forebay/workers/lane/models/onnx-session.js');

const root = mkdtempSync(join(tmpdir(), 'forebay-graphs-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const SHARED = resolve(import.meta.dirname, '../../../../../../shared/data/models/mobilenetv2.onnx');
const CONFIG = { name: 'm', task: 'image-classification', preprocess: { crop: 8 } };
const GRAPH = meanColourModel({ classes: [[1, 2, 3]], side: 8 });

/** A model folder with its own cache. `opened` lists from which kind of graph each session was created. */
async function setUp(linkTo?: string) {
  const dir = mkdtempSync(join(root, 'model-'));
  writeModelFolder(dir, GRAPH, CONFIG);
  if (linkTo !== undefined) {
    rmSync(join(dir, 'model.onnx'));
    symlinkSync(linkTo, join(dir, 'model.onnx'));
  }
  const cache = { dir: mkdtempSync(join(root, 'cache-')), hash: (await loadModelFolder(dir)).ref.hash };
  const folder = join(cache.dir, 'graphs');
  const opened: string[] = [];
  const create = async (options: SessionOptions): Promise<OnnxSession> => {
    opened.push(options.optimised ? 'kept' : options.saveTo === undefined ? 'original' : 'saving');
    return createOnnxSession(options);
  };
  const file = (ending: string) => {
    const found = readdirSync(folder).find((name) => name.endsWith(ending));
    return found === undefined ? null : join(folder, found);
  };
  return {
    dir,
    opened,
    file,
    open: async (more: { mayWriteCache?: boolean; providers?: ExecutionProvider[] } = {}) =>
      openGraph(
        {
          path: join(dir, 'model.onnx'),
          threads: 1,
          providers: ['cpu'],
          cache,
          mayWriteCache: true,
          ...more,
        },
        create,
      ),
    note: () => JSON.parse(readFileSync(file('.json')!, 'utf8')) as Record<string, number | null>,
    setNote: (note: object) => writeFileSync(file('.json')!, JSON.stringify(note)),
  };
}

/** The state after the first start of a model that takes a long time to load. */
async function measured(linkTo?: string) {
  const model = await setUp(linkTo);
  await model.open();
  model.setNote({ originalMs: 1_000_000, bytes: null, keptMs: null });
  return model;
}

async function answers(session: OnnxSession, side: number): Promise<Uint8Array> {
  const data = Float32Array.from({ length: 2 * 3 * side * side }, (_, i) => Math.sin(i));
  const [input, output] = [session.inputs[0]!.name, session.outputs[0]!.name];
  const feeds = { [input]: { type: 'float32', dims: [2, 3, side, side], data } };
  const found = (await session.run(feeds, [output]))[output]!.data as Float32Array;
  return new Uint8Array(found.buffer, found.byteOffset, found.byteLength);
}

it('nothing is saved for a model that loads quickly', async () => {
  const { open, opened, note, file } = await setUp();
  await open();
  await open();
  expect(opened).toEqual(['original', 'original']);
  expect(note()).toMatchObject({ bytes: 0 });
  expect(file('.onnx')).toBeNull();
});

it('the graph of a slow model is measured, saved, tried and used, and no temporary file stays', async () => {
  const { open, opened, note, file } = await measured();
  for (let start = 0; start < 3; start++) await open();
  expect(opened).toEqual(['original', 'saving', 'kept', 'kept']);
  expect(note()).toMatchObject({ keptMs: expect.any(Number), bytes: expect.any(Number) });
  expect(file('.tmp')).toBeNull();
});

it('a saved graph that is no faster is deleted', async () => {
  const { open, opened, note, setNote, file } = await measured();
  await open();
  setNote({ ...note(), originalMs: 0.001 });
  await open();
  await open();
  expect(opened).toEqual(['original', 'saving', 'kept', 'original']);
  expect(file('.onnx')).toBeNull();
});

it('lanes that may not write to the cache use what is there and change nothing', async () => {
  const { open, opened, note } = await measured();
  await open({ mayWriteCache: false });
  expect(note()).toMatchObject({ bytes: null });
  await open();
  await open({ mayWriteCache: false });
  expect(opened).toEqual(['original', 'original', 'saving', 'kept']);
  expect(note()).toMatchObject({ keptMs: null });
});

it('a saved graph that is cut short or damaged is replaced by the original and saved again', async () => {
  const { open, opened, file, note } = await measured();
  await open();
  const whole = readFileSync(file('.onnx')!);
  writeFileSync(file('.onnx')!, whole.subarray(0, whole.length - 7));
  await open();
  expect(file('.onnx')).toBeNull();
  expect(opened).toEqual(['original', 'saving', 'original']);
  await open();
  writeFileSync(join(file('.json')!), JSON.stringify({ ...note(), originalMs: 1e6, bytes: null }));
  await open();
  writeFileSync(file('.onnx')!, Buffer.alloc(readFileSync(file('.onnx')!).length, 255));
  await open();
  expect(opened.slice(3)).toEqual(['original', 'saving', 'kept', 'original']);
  expect(file('.onnx')).toBeNull();
});

it('a graph that has changed since it was hashed is never saved under that hash', async () => {
  const { open, opened, file, dir } = await measured();
  writeFileSync(join(dir, 'model.onnx'), meanColourModel({ classes: [[3, 2, 1]], side: 8 }));
  await open();
  expect(opened).toEqual(['original', 'saving']);
  expect(file('.onnx')).toBeNull();
  // A folder that cannot be read any more has changed, too.
  rmSync(join(dir, 'model.json'));
  await open();
  expect(file('.onnx')).toBeNull();
  // The files that match the hash may come back.
  writeModelFolder(dir, GRAPH, CONFIG);
  await open();
  await open();
  expect(opened.slice(2)).toEqual(['saving', 'saving', 'kept']);
});

it('a graph is kept even if another process deletes a graph while room is made', async () => {
  const { open, opened, file } = await measured();
  // Stands for a file that is deleted after the folder has been listed.
  symlinkSync('/nowhere.onnx', join(dirname(file('.json')!), 'deleted.onnx'));
  await open();
  await open();
  expect(opened).toEqual(['original', 'saving', 'kept']);
});

it('graphs for providers other than the CPU are not saved', async () => {
  const { open, opened } = await measured();
  await expect(open({ providers: ['abacus' as ExecutionProvider] })).rejects.toMatchObject({
    code: 'model_load_failed',
  });
  expect(opened).toEqual(['original', 'original']);
});

it.skipIf(!existsSync(SHARED))(
  'a saved graph gives bit for bit the answers of the original (needs ../shared/data)',
  async () => {
    const { open, opened } = await measured(SHARED);
    const original = await open();
    const kept = await open();
    expect(opened).toEqual(['original', 'saving', 'kept']);
    expect(await answers(kept, 224)).toEqual(await answers(original, 224));
    expect([kept.inputs, kept.outputs]).toEqual([original.inputs, original.outputs]);
  },
);
