// Triton folders, served as they are.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadModelFolder } from '#forebay/shared/models/model-folder.js';
import { listModelFolders } from '#forebay/shared/models/model-folder-reader.js';
import { servedFolder, writeFolder } from '../../support/foreign-folders.ts';
import { plain, predictionsOf } from '../../support/lanes.ts';
import { meanColourModel } from '../../support/onnx/models.ts';
import { sumGraph } from '../../support/onnx/tabular-models.ts';
import { twoAxesModel } from '../../support/onnx/tensor-models.ts';
import { answeredTensors } from '../../support/tensor-rows.ts';

const SUM = `
# A model of three features.
name: "sum_of_three"
platform: "onnxruntime_onnx"
max_batch_size: 16
input [
  {
    name: "X"
    data_type: TYPE_FP32
    dims: [ 3 ]
  }
]
output [ { name: "variable" data_type: TYPE_FP32 dims: [ 1 ] label_filename: "labels.txt" } ]
dynamic_batching { preferred_batch_size: [ 4, 8 ] max_queue_delay_microseconds: 2500 }
instance_group [ { count: 2 kind: KIND_CPU } ]
optimization { graph { level: 1 } }
`;

function sumFolder(config = SUM, more: Record<string, Buffer | string> = {}): string {
  return writeFolder({ 'config.pbtxt': config, '1/model.onnx': sumGraph(), ...more }, 'sum');
}

it('a model is served with the tensors, batches and instances of config.pbtxt', async () => {
  const { folder, lane } = await servedFolder(sumFolder());
  expect(folder.config).toMatchObject({
    name: 'sum_of_three',
    task: 'tensors',
    inputs: { X: { batch_axis: 0, dtype: 'float32', shape: [3] } },
    outputs: { variable: { batch_axis: 0, dtype: 'float32', shape: [1] } },
    batching: { batch_size: 8, max_wait_ms: 3, online: { max_wait_ms: 3, preferred_sizes: [4, 8] } },
    lanes: 2,
  });
  expect(folder.notes.join('\n')).toMatch(/labels of "variable" are not used/);
  expect(folder.notes.join('\n')).toMatch(/batches have 8 rows \(preferred_batch_size\)/);
  expect(folder.notes.join('\n')).toMatch(/optimization is not followed/);
  const answers = await answeredTensors(lane, [{ X: [1, 2, 3] }, { X: [4, 5, 6] }]);
  expect(answers).toEqual([{ variable: [123] }, { variable: [456] }]);
});

it('a folder that is also one of Hugging Face has the graph of its version, and a note about the other config', async () => {
  const config = { architectures: ['BertModel'], model_type: 'bert' };
  const dir = sumFolder(SUM, { 'config.json': JSON.stringify(config), 'model.onnx': twoAxesModel() });
  const { folder, lane } = await servedFolder(dir);
  expect(folder.notes).toContain('config.json is not read, because config.pbtxt describes the model');
  expect(await answeredTensors(lane, [{ X: [1, 2, 3] }])).toEqual([{ variable: [123] }]);
});

it('a mismatch names the file that holds the config', async () => {
  const wrong = SUM.replace('dims: [ 3 ]', 'dims: [ 4 ]');
  const says = (files: string) =>
    `inputs.X.shape in ${files} is [4], but the graph has "X" float32[N,3], so a row has [3]`;
  await expect(servedFolder(sumFolder(wrong))).rejects.toThrow(says('config.pbtxt'));
  const own = { 'model.json': '{"lanes":1}' };
  await expect(servedFolder(sumFolder(wrong, own))).rejects.toThrow(says('model.json and config.pbtxt'));
  await expect(
    loadModelFolder(
      sumFolder(SUM.replace('"sum_of_three"', '"sum"').replace('[ 3 ]', `[${'1,'.repeat(33)}1]`)),
    ),
  ).rejects.toThrow(/: config\.pbtxt \/inputs\/X\/shape: /);
});

it('a note about batches or devices is left out if model.json gives the field', async () => {
  const config = SUM.replace('KIND_CPU', 'KIND_GPU');
  const notes = async (more = {}) => (await loadModelFolder(sumFolder(config, more))).notes.join('\n');
  expect(await notes()).toMatch(/batches have 8 rows.*\n.*instance_group asks for GPUs/);
  const own = { batching: { batch_size: 4 }, execution_providers: ['cpu'] };
  expect(await notes({ 'model.json': JSON.stringify(own) })).not.toMatch(/batches have|asks for GPUs/);
});

it('the highest version is served, or the highest that version_policy names', async () => {
  const graph = meanColourModel({ classes: [[1, 0, 0]], side: 8 });
  const dir = sumFolder(SUM, { '2/model.onnx': sumGraph(), '10/model.onnx': graph });
  const { entryPath, notes } = await loadModelFolder(dir);
  expect(entryPath).toBe(join(dir, '10/model.onnx'));
  expect(notes.join('\n')).toContain('version 10 is served; the folder also has 1, 2');
  writeFileSync(join(dir, 'config.pbtxt'), `${SUM}\nversion_policy: { specific: { versions: [1, 2] } }`);
  const { folder } = await servedFolder(dir);
  expect(folder.entryPath).toBe(join(dir, '2/model.onnx'));
  writeFileSync(join(dir, 'config.pbtxt'), `${SUM}\nversion_policy: { specific: { versions: [7] } }`);
  await expect(loadModelFolder(dir)).rejects.toThrow(
    'version_policy of config.pbtxt allows 7, but the folder has 1, 2, 10',
  );
});

it('a model.json with another task need not name the model, but what it lacks is named', async () => {
  const own = { task: 'image-classification', preprocess: {} };
  const graph = meanColourModel({
    classes: [
      [1, 0, 0],
      [0, 1, 0],
    ],
    side: 8,
  });
  const dir = sumFolder(SUM, { '1/model.onnx': graph, 'model.json': JSON.stringify(own) });
  await expect(loadModelFolder(dir)).rejects.toThrow('model.json /preprocess/crop: is missing: expected');
  const whole = { ...own, preprocess: { resize: 8, crop: 8 }, activation: 'softmax' };
  writeFileSync(join(dir, 'model.json'), JSON.stringify(whole));
  const { folder } = await servedFolder(dir);
  expect(folder.config).toMatchObject({ name: 'sum', task: 'image-classification' });
});

it('without max_batch_size, shapes hold all dimensions, and model.json completes the config', async () => {
  const pbtxt = `
    backend: 'onnxruntime', max_batch_size: 0;
    input { name: "a" data_type: TYPE_FP32 dims: -1 dims: 2 }
    input { name: "b" data_type: TYPE_FP32 dims: [2, -1] }
    input { name: "c" data_type: TYPE_FP32 dims: [] }
    output { name: "sum" data_type: TYPE_FP32 dims: [-1, 2] }`;
  const dir = writeFolder({ 'config.pbtxt': pbtxt, '1/model.onnx': twoAxesModel() }, 'two-axes');
  const { lane, folder } = await servedFolder(dir);
  expect(folder.config).toMatchObject({
    name: 'two-axes',
    inputs: { a: { batch_axis: null, shape: [null, 2] } },
  });
  expect(await answeredTensors(lane, [{ a: [[1, 2]], b: [[10], [20]], c: 0.5 }])).toEqual([
    { sum: [[11.5, 22.5]] },
  ]);
  writeFileSync(join(dir, 'model.json'), JSON.stringify({ name: 'b', lanes: 3 }));
  expect((await loadModelFolder(dir)).config).toMatchObject({ name: 'b', lanes: 3, task: 'tensors' });
});

it('a complete model.json replaces config.pbtxt, and the graph comes from the highest version', async () => {
  const graph = meanColourModel({
    classes: [
      [1, 0, 0],
      [0, 1, 0],
    ],
    side: 8,
  });
  const own = { name: 'm', task: 'image-classification', preprocess: { crop: 8 }, labels: 'labels.txt' };
  const dir = sumFolder(SUM, {
    '3/model.onnx': graph,
    'model.json': JSON.stringify(own),
    'labels.txt': 'red\ngreen\n',
  });
  const { lane } = await servedFolder(dir);
  const { outcomes } = await lane.run({
    model: 'm',
    rows: [{ bytes: await plain(0, 255, 0) }],
    options: { top_k: 1 },
  });
  expect(predictionsOf(outcomes[0])[0]!.label).toBe('green');
});

it('the hash changes with config.pbtxt and with the graph, and a repository lists its models', async () => {
  const dir = sumFolder();
  const hash = async () => (await loadModelFolder(dir)).ref.hash;
  const first = await hash();
  writeFileSync(join(dir, 'config.pbtxt'), SUM.replace('[ 4, 8 ]', '[ 4 ]'));
  const otherConfig = await hash();
  // A graph of the same size, with one other weight.
  const changed = sumGraph();
  changed.writeFloatLE(7, changed.indexOf(Buffer.from(Float32Array.of(100).buffer)));
  writeFileSync(join(dir, '1/model.onnx'), changed);
  const otherGraph = await hash();
  expect(new Set([first, otherConfig, otherGraph]).size).toBe(3);
  writeFileSync(join(dir, '1/model.onnx'), sumGraph());
  expect(await hash()).toBe(otherConfig);
  const { models } = await listModelFolders(join(dir, '..'));
  expect(models.map(({ ref }) => ref.name)).toEqual(['sum_of_three']);
});

it.each([
  [
    'a type that onnxruntime-node cannot carry',
    SUM.replace('TYPE_FP32', 'TYPE_BF16'),
    /\/inputs\/X\/dtype: .*TYPE_BF16/,
  ],
  ['another platform', SUM.replace('onnxruntime_onnx', 'pytorch_libtorch'), /is for "pytorch_libtorch"/],
  ['a negative batch', SUM.replace('16', '-1'), /max_batch_size is -1, but must be 0 \(no batch axis\)/],
  ['a sequence model', `${SUM} sequence_batching { }`, /has sequence_batching/],
  [
    'a syntax error',
    SUM.replace('dims: [ 3 ]', 'dims: [ 3 '),
    /config\.pbtxt, line 11: expected "," or "]", found "}"/,
  ],
  ['an unexpected character', '\n\nname = "x"', /config\.pbtxt, line 3: unexpected "="/],
])('refuses %s', async (_what, config, says) => {
  await expect(loadModelFolder(sumFolder(config))).rejects.toThrow(says);
});

it('says where to put a missing graph', async () => {
  const dir = writeFolder({ 'config.pbtxt': SUM }, 'empty');
  await expect(loadModelFolder(dir)).rejects.toThrow(/put the graph into 1\/model\.onnx/);
});
