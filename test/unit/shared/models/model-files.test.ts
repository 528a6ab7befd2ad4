// A model's identity covers the config, the labels, the graph, and the files that the graph names.
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  createContentMemo,
  haveChanged,
  stampFile,
  type ContentMemo,
} from '#forebay/shared/models/content-memo.js';
import { findExternalData } from '#forebay/shared/models/external-data.js';
import { parseLabels } from '#forebay/shared/tasks/classes/labels.js';
import { loadModelFolder } from '#forebay/shared/models/model-folder.js';
import { createModelFolderReader } from '#forebay/shared/models/model-folder-reader.js';
import { testFolder } from '../../../support/lanes.ts';
import { writeOnnx, type Graph, type Weights } from '../../../support/onnx/graph.ts';
import { classWeights, meanColourModel, writeModelFolder } from '../../../support/onnx/models.ts';

const config = { name: 'm', task: 'image-classification', preprocess: { crop: 8 }, softmax: true };
const CLASSES = [
  [1, 0, 0],
  [0, 1, 0],
];
const SWAPPED = CLASSES.toReversed();

function externalModel(location = 'model.onnx.data', more: object = {}) {
  const graph = meanColourModel({ side: 8, classes: CLASSES, location });
  return writeModelFolder(testFolder(), graph, { ...config, ...more });
}

function completeModel() {
  const { dir } = externalModel();
  const data = join(dir, 'model.onnx.data');
  writeFileSync(data, classWeights(CLASSES));
  return { dir, data };
}

const hashOf = async (dir: string) => (await loadModelFolder(dir)).ref.hash;

it('keeps the hash of folders without external data, so that existing outputs still match', async () => {
  const graph = meanColourModel({ side: 8, classes: CLASSES });
  const { dir } = writeModelFolder(testFolder(), graph, config, ['a', 'b']);
  const canonical =
    '{"batching":{"batch_size":"auto","max_wait_ms":50},"execution_providers":["cpu"],"labels":"labels.txt","lanes":"auto","name":"m","pool":"default","preprocess":{"auto_orient":false,"color_order":"rgb","crop":8,"decode":"exact","icc":"ignore","interpolation":"bilinear","mean":[0,0,0],"rescale":0.00392156862745098,"std":[1,1,1]},"softmax":true,"task":"image-classification","threads_per_lane":"auto","top_k":5}';
  const hash = createHash('sha256');
  for (const part of [Buffer.from(canonical), graph, Buffer.from('a\nb\n')]) {
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(part.length));
    hash.update(length).update(part);
  }
  expect(await hashOf(dir)).toBe(hash.digest('hex'));
});

it('the hash of a model covers its external weights, and its file list names every file in the hash', async () => {
  const { dir, data } = completeModel();
  const model = await loadModelFolder(dir);
  const graphBytes = statSync(join(dir, 'model.onnx')).size;
  expect(model.bytes).toBe(graphBytes + classWeights(CLASSES).length);
  expect(model.files.map(({ path }) => path)).toEqual(
    ['model.json', 'model.onnx', 'model.onnx.data'].map((name) => join(dir, name)),
  );
  writeFileSync(data, classWeights(SWAPPED));
  expect(await hashOf(dir)).not.toBe(model.ref.hash);
  writeFileSync(data, classWeights(CLASSES));
  expect(await hashOf(dir)).toBe(model.ref.hash);
});

it('notices a change that keeps the size and the time of the file', async () => {
  const { dir, data } = completeModel();
  const reader = createModelFolderReader();
  const time = new Date(1_700_000_000_000);
  for (const path of [data, join(dir, 'model.onnx')]) utimesSync(path, time, time);
  const before = await reader.load(dir);
  writeFileSync(data, classWeights(SWAPPED));
  utimesSync(data, time, time);
  const after = await reader.load(dir);
  expect(after.ref.hash).not.toBe(before.ref.hash);
  writeFileSync(data, classWeights(CLASSES));
  expect((await reader.load(dir)).ref.hash).toBe(before.ref.hash);
});

it('compares only stamps to tell whether any file has changed', async () => {
  const { dir, data } = completeModel();
  const { files } = await loadModelFolder(dir);
  expect(await haveChanged(files)).toBe(false);
  writeFileSync(join(dir, 'aside'), classWeights(CLASSES));
  renameSync(join(dir, 'aside'), data);
  expect(await haveChanged(files)).toBe(true);
  const again = await loadModelFolder(dir);
  appendFileSync(join(dir, 'model.json'), '\n');
  expect(await haveChanged(again.files)).toBe(true);
});

it('computes a fact about a file once, and again when its stamp or other relevant data has changed', async () => {
  const { data } = completeModel();
  await expect.poll(async () => (await stampFile(data)).changedAt < Date.now() - 150).toBe(true);
  const memo = createContentMemo();
  let asked = 0;
  const ask = async (also?: string, seen: { changedAt?: number } = {}) =>
    memo.of('what', [{ ...(await stampFile(data)), ...seen }], async () => (asked += 1), also);
  expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1]);
  expect([await ask('more'), await ask('more')]).toEqual([2, 2]);
  writeFileSync(data, classWeights(SWAPPED));
  expect(await ask('more')).toBe(3);
  // As if the file was written at the moment of the question, however slow the machine is. Another change might leave
  // the same stamp, so the answer is not kept.
  const seen = { changedAt: Date.now() + 60_000 };
  expect([await ask('more', seen), await ask('more', seen)]).toEqual([4, 5]);
});

it('reads a folder again if it changes while it is read, and refuses one that keeps changing', async () => {
  const { dir, data } = completeModel();
  const memo = createContentMemo();
  /** Makes `times` changes, each while the files are hashed. */
  const changing = (times: number): ContentMemo => ({
    async of(what, files, find, also) {
      const found = await memo.of(what, files, find, also);
      if (what === 'hash' && times-- > 0) appendFileSync(data, 'x');
      return found;
    },
  });
  const { ref } = await loadModelFolder(dir, changing(1));
  expect(ref.hash).toBe(await hashOf(dir));
  await expect(loadModelFolder(dir, changing(100))).rejects.toThrow(/changed while they were read/);
});

describe('external data is refused', () => {
  it.each<[string, string, (dir: string) => void, RegExp]>([
    [
      'above the folder',
      '../w',
      (dir) => writeFileSync(join(dir, '../w'), 'x'),
      /not a path below the model/,
    ],
    ['below the folder and out again', 'a/../../w', () => undefined, /not a path below the model folder/],
    ['at an absolute path', '/etc/hostname', () => undefined, /not a path below the model folder/],
    ['at a Windows path', 'C:\\w', () => undefined, /not a path below the model folder/],
    ['behind a link out', 'w', (dir) => symlinkSync('/etc/hostname', join(dir, 'w')), /is a link out of the/],
    [
      'in a folder that is a link out',
      'd/hostname',
      (dir) => symlinkSync('/etc', join(dir, 'd')),
      /is a link out of the model folder/,
    ],
    ['without a name', '', () => undefined, /names no file/],
    ['that is not there', 'w', () => undefined, /"w", but there is no such file; put it there/],
    [
      'that is cut off',
      'w',
      (dir) => writeFileSync(join(dir, 'w'), 'x'),
      /has 1 byte, and the graph needs 24/,
    ],
    [
      'that is a Git LFS pointer',
      'w',
      (dir) => writeFileSync(join(dir, 'w'), `version https://git-lfs.github.com/spec/v1\noid sha256:1\n`),
      /Git LFS pointer.*git lfs pull/,
    ],
  ])('%s', async (_what, location, prepare, says) => {
    const parent = testFolder();
    const graph = meanColourModel({ side: 8, classes: CLASSES, location });
    const { dir } = writeModelFolder(join(parent, 'm'), graph, config);
    prepare(dir);
    await expect(loadModelFolder(dir)).rejects.toMatchObject({ code: 'invalid_model_config' });
    await expect(loadModelFolder(dir)).rejects.toThrow(says);
  });
});

it.each(['./w', 'sub/w', 'sub/../w'])('external data may be at "%s"', async (location) => {
  const { dir } = externalModel(location);
  mkdirSync(join(dir, 'sub'));
  writeFileSync(join(dir, location), classWeights(CLASSES));
  await expect(loadModelFolder(dir)).resolves.toMatchObject({ files: { length: 3 } });
});

it('a folder of links into another folder is a model too, including its external data', async () => {
  const { dir, data } = completeModel();
  const links = testFolder();
  symlinkSync(join(dir, 'model.onnx'), join(links, 'model.onnx'));
  symlinkSync(data, join(links, 'model.onnx.data'));
  linkSync(join(dir, 'model.json'), join(links, 'model.json'));
  expect(await hashOf(links)).toBe(await hashOf(dir));
});

it('finds every place in which a graph can name a file', async () => {
  const tensor = (name: string, data: readonly number[] = [1]): Weights => ({
    name,
    type: 'float32',
    shape: [data.length],
    data,
    location: `${name}.bin`,
  });
  const inner: Graph = { inputs: [], outputs: [], operators: [], weights: [tensor('subgraph')] };
  const graph = writeOnnx({
    inputs: [],
    outputs: [],
    operators: [
      { type: 'Constant', inputs: [], output: 'c', attributes: { value: { tensor: tensor('constant') } } },
      {
        type: 'If',
        inputs: ['c'],
        output: 'y',
        attributes: { then_branch: { graph: inner }, else_branch: { graph: inner } },
      },
    ],
    weights: [
      { name: 'inside', type: 'float32', shape: [1_000_000], data: Array<number>(1_000_000).fill(1) },
      tensor('weights', [1, 2]),
    ],
    sparse: [
      {
        values: tensor('values'),
        indices: { ...tensor('indices'), type: 'int64', location: 'indices.bin' },
        shape: [4],
      },
    ],
  });
  const path = join(testFolder(), 'model.onnx');
  writeFileSync(path, graph);
  const found = await findExternalData(path);
  expect(found.toSorted((a, b) => (a.location < b.location ? -1 : 1))).toEqual([
    { location: 'constant.bin', leastBytes: 4 },
    { location: 'indices.bin', leastBytes: 8 },
    { location: 'subgraph.bin', leastBytes: 4 },
    { location: 'values.bin', leastBytes: 4 },
    { location: 'weights.bin', leastBytes: 8 },
  ]);
});

describe('the error for a file that is not a graph identifies the file', () => {
  const whole = meanColourModel({ side: 8, classes: CLASSES });
  it.each<[string, Buffer, RegExp]>([
    ['empty', Buffer.alloc(0), /model\.onnx is empty/],
    [
      'a Git LFS pointer',
      Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n'),
      /model\.onnx is a Git LFS pointer.*git lfs pull/,
    ],
    ['a web page', Buffer.from('\n<!DOCTYPE html>\n<html>'), /is a web page/],
    ['a PyTorch archive', Buffer.from('PK\u0003\u0004rest of it'), /ZIP archive, as PyTorch/],
    ['cut off', whole.subarray(0, whole.length - 40), /is cut off or damaged: it has \d+ bytes/],
    ['some text', Buffer.from('garbage'), /is not an ONNX model/],
  ])('%s', async (_what, bytes, says) => {
    const { dir } = writeModelFolder(testFolder(), bytes, config);
    await expect(loadModelFolder(dir)).rejects.toMatchObject({ code: 'invalid_model_config' });
    await expect(loadModelFolder(dir)).rejects.toThrow(says);
  });
});

describe('labels and model.json are read in the encodings of editors', () => {
  const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le');
  const encodings: [string, (text: string) => Buffer][] = [
    ['UTF-8 with a byte order mark', (text) => Buffer.from(`\uFEFF${text}`)],
    ['UTF-16 LE', utf16],
    ['UTF-16 BE', (text) => utf16(text).swap16()],
  ];
  it.each(encodings)('%s', async (_what, encode) => {
    const graph = meanColourModel({ side: 8, classes: CLASSES });
    const { dir } = writeModelFolder(testFolder(), graph, config, ['a', 'b']);
    writeFileSync(join(dir, 'labels.txt'), encode('Küche\r\nźrebię\r\n'));
    writeFileSync(join(dir, 'model.json'), encode(readFileSync(join(dir, 'model.json'), 'utf8')));
    const { named } = await loadModelFolder(dir);
    expect(parseLabels(readFileSync(named[0]!.path))).toEqual({ ok: true, names: ['Küche', 'źrebię'] });
  });

  it.each<[string, Buffer, RegExp]>([
    ['UTF-16 without a mark', utf16('a\nb\n').subarray(2), /looks like UTF-16 without a byte order mark/],
    ['Latin-1', Buffer.from('Küche\n', 'latin1'), /is not valid UTF-8; save it as UTF-8/],
    ['a Git LFS pointer', Buffer.from('version https://git-lfs.github.com/spec/v1\n'), /git lfs pull/],
  ])('and any other content is refused with its name: %s', async (_what, bytes, says) => {
    const graph = meanColourModel({ side: 8, classes: CLASSES });
    const { dir } = writeModelFolder(testFolder(), graph, config, ['a', 'b']);
    writeFileSync(join(dir, 'labels.txt'), bytes);
    await expect(loadModelFolder(dir)).rejects.toThrow(says);
    writeFileSync(join(dir, 'model.json'), bytes);
    await expect(loadModelFolder(dir)).rejects.toThrow(says);
  });
});
