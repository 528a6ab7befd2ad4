// `forebay model init` on graphs that the test creates.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { loadModelFolder } from '#forebay/shared/models/model-folder.js';
import { findGraph } from '#forebay/workers/model-init/find-graph.js';
import { readSurroundings } from '#forebay/workers/model-init/surroundings.js';
import { testFolder } from '../../../support/lanes.ts';
import { configIn as configOf, modelInit as init } from '../../../support/model-init.ts';
import {
  classWeights,
  meanColourModel,
  twoOutputModel,
  type MeanColourModel,
} from '../../../support/onnx/models.ts';
import { writeOnnx } from '../../../support/onnx/graph.ts';
import { step } from '../../../support/onnx/mean-model.ts';
import { brokenModel } from '../../../support/onnx/special-models.ts';
import { withoutRights } from '../../../support/without-rights.ts';

const ENTRY = fileURLToPath(import.meta.resolve('#forebay/workers/model-init/main.js'));
const ONE_HOT = [
  [1, 0, 0],
  [0, 1, 0],
];

it('ends quietly if nobody reads its output any more', async () => {
  const child = spawn(process.execPath, [ENTRY, 'forebay', '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const [code] = (await once(child, 'close')) as [number];
  expect({ code, err }).toEqual({ code: 0, err: '' });
});

it('fails if its output cannot be written', async () => {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [ENTRY, 'forebay', '--help'], { stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  let err = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (err += text));
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(1);
  expect(err).toMatch(/^forebay: the output cannot be written: .*ENOSPC.*\n$/);
});

it('creates a model folder from a bare graph, tries it, and never overwrites without --force', async () => {
  const dir = testFolder();
  writeFileSync(
    join(dir, 'My Model.onnx'),
    meanColourModel({ classes: ONE_HOT, side: 32, softmax: true, batch: 4 }),
  );
  writeFileSync(join(dir, 'labels.txt'), 'red\ngreen\n');
  const file = join(dir, 'My Model.onnx');
  const { code, out } = await init(file);
  expect(code).toBe(0);
  expect(out).toContain('graph and config fit');
  expect(out).toContain('batch   fixed at 4');
  const text = JSON.parse(readFileSync(join(dir, 'my-model', 'model.json'), 'utf8')) as object;
  expect(text).toMatchObject({
    name: 'my-model',
    preprocess: { resize: 32, crop: 32 },
    labels: 'labels.txt',
    activation: 'none',
    top_k: 2,
  });
  const again = await init(file);
  expect(again).toMatchObject({ code: 2, err: expect.stringContaining('--force') as string });
  // The process of the command starts a lane of its own.
  const printed = execFileSync(process.execPath, [ENTRY, 'npx forebay', file, '--force'], {
    encoding: 'utf8',
  });
  expect(printed).toContain('graph and config fit');
  expect(printed).toMatch(/^ {2}npx forebay run --model \S+my-model --input IMAGES/m);
});

it('writes beside a model.onnx, and treats outputs without softmax as logits', async () => {
  const dir = testFolder();
  writeFileSync(
    join(dir, 'model.onnx'),
    meanColourModel({ classes: ONE_HOT, side: 224, trailingOnes: true }),
  );
  expect((await init(join(dir, 'model.onnx'), '--name', 'two')).code).toBe(0);
  const config = JSON.parse(readFileSync(join(dir, 'model.json'), 'utf8')) as object;
  expect(config).toMatchObject({
    name: 'two',
    activation: 'softmax',
    preprocess: { resize: 256, crop: 224 },
  });
});

it('exits with 2 and writes nothing if the file is missing or not a model', async () => {
  const dir = testFolder();
  writeFileSync(join(dir, 'x.onnx'), 'garbage');
  expect(await init(join(dir, 'x.onnx'))).toMatchObject({
    code: 2,
    err: expect.stringContaining('x.onnx is not an ONNX model') as string,
  });
  expect(existsSync(join(dir, 'x'))).toBe(false);
  expect((await init()).code).toBe(2);
  expect((await init(join(dir, 'absent.onnx'))).err).toContain('cannot read');
});

it.each(['config.json', 'preprocessor_config.json', 'labels.txt'])(
  'does not guess without a %s that cannot be read',
  async (name) => {
    const dir = testFolder();
    chmodSync(dir, 0o755);
    const file = join(dir, name);
    mkdirSync(file);
    // A folder of this name is not the file.
    await expect(readSurroundings([dir])).resolves.toMatchObject({ labels: null, taken: [] });
    rmdirSync(file);
    writeFileSync(file, '{}');
    chmodSync(file, 0);
    await withoutRights(async () => {
      await expect(readSurroundings([dir])).rejects.toThrow(`${file} cannot be read: EACCES`);
    });
  },
);

it('names a folder that cannot be read', async () => {
  const dir = testFolder();
  chmodSync(dir, 0o755);
  const closed = join(dir, 'closed');
  mkdirSync(closed);
  chmodSync(closed, 0);
  await withoutRights(async () => {
    await expect(findGraph(closed)).rejects.toThrow(`${closed} cannot be read: EACCES`);
  });
});

it('takes the name from --out', async () => {
  const dir = testFolder();
  const file = join(dir, 'model.onnx');
  writeFileSync(file, meanColourModel({ classes: ONE_HOT, side: 32, softmax: true }));
  expect((await init(file, '--out', join(dir, 'Colour Model'))).code).toBe(0);
  expect(configOf(join(dir, 'Colour Model'))).toMatchObject({ name: 'colour-model' });
  expect((await init(file, '--out', join(dir, 'b'), '--name', 'c')).code).toBe(0);
  expect(configOf(join(dir, 'b'))).toMatchObject({ name: 'c' });
});

it('includes external data, and follows links', async () => {
  const dir = testFolder();
  for (const name of ['blobs', 'snapshot', 'snapshot/data']) mkdirSync(join(dir, name));
  const graph = meanColourModel({ classes: ONE_HOT, side: 32, softmax: true, location: 'data/weights' });
  writeFileSync(join(dir, 'blobs/a'), graph);
  writeFileSync(join(dir, 'blobs/b'), classWeights(ONE_HOT));
  symlinkSync('../blobs/a', join(dir, 'snapshot/colours.onnx'));
  symlinkSync('../../blobs/b', join(dir, 'snapshot/data/weights'));
  const { code, out } = await init(join(dir, 'snapshot/colours.onnx'), '--out', join(dir, 'm'));
  expect(code).toBe(0);
  expect(out).toContain('linked data/weights');
  for (const name of ['model.onnx', 'data/weights']) {
    expect(lstatSync(join(dir, 'm', name)).isSymbolicLink()).toBe(false);
  }
  await expect(loadModelFolder(join(dir, 'm'))).resolves.toMatchObject({ files: { length: 3 } });
  rmSync(join(dir, 'blobs/b'));
  const gone = await init(join(dir, 'snapshot/colours.onnx'), '--out', join(dir, 'n'));
  expect(gone).toMatchObject({
    code: 2,
    err: expect.stringMatching(/"data\/weights", but there is no/) as string,
  });
  expect(existsSync(join(dir, 'n'))).toBe(false);
});

it("reads a model's description in a Hugging Face folder, and lists what it does not understand", async () => {
  const dir = join(testFolder(), 'ViT Small');
  mkdirSync(join(dir, 'onnx'), { recursive: true });
  const shape = ['num_channels', 'height', 'width'] as const;
  writeFileSync(join(dir, 'onnx/model.onnx'), meanColourModel({ classes: ONE_HOT, side: 32, shape }));
  writeFileSync(join(dir, 'onnx/model_fp16.onnx'), '');
  writeJson(join(dir, 'config.json'), {
    architectures: ['ViTForImageClassification'],
    id2label: { 1: 'green', 0: 'red' },
    problem_type: 'single_label_classification',
    hidden_size: 3,
  });
  writeJson(join(dir, 'preprocessor_config.json'), {
    image_processor_type: 'BitImageProcessor',
    do_resize: true,
    size: { shortest_edge: 48 },
    do_center_crop: true,
    crop_size: { height: 40, width: 40 },
    resample: 3,
    do_rescale: true,
    rescale_factor: 0.00392156862745098,
    do_normalize: true,
    image_mean: [0.5, 0.5, 0.5],
    image_std: [0.25, 0.25, 0.25],
    rescale_offset: true,
  });
  const { code, out } = await init(dir);
  expect(code).toBe(0);
  expect(configOf(join(dir, 'onnx'))).toMatchObject({
    name: 'vit-small',
    labels: 'labels.txt',
    activation: 'softmax',
    preprocess: {
      resize: 48,
      crop: 40,
      interpolation: 'bicubic',
      rescale: 0.00392156862745098,
      mean: [0.5, 0.5, 0.5],
      std: [0.25, 0.25, 0.25],
    },
  });
  expect(readFileSync(join(dir, 'onnx/labels.txt'), 'utf8')).toBe('red\ngreen\n');
  expect(out).toContain('labels: 2 names, taken from config.json (id2label)');
  expect(out).toContain(
    'preprocess.resize 48, crop 40: taken from preprocessor_config.json (size, crop_size)',
  );
  expect(out).toMatch(/Not understood .*\n {2}preprocessor_config\.json: rescale_offset true\n/);
  expect(out).toContain('the folder also has onnx/model_fp16.onnx');
  writeJson(join(dir, 'model.json'), { graph: 'onnx/model_fp16.onnx' });
  expect((await init(dir, '--out', join(dir, 'half'))).err).toContain('model_fp16.onnx is empty');
  writeJson(join(dir, 'model.json'), { graph: '../model.onnx' });
  const wrong = 'names the graph "../model.onnx", but the folder has no such .onnx';
  expect((await init(dir)).err).toContain(wrong);
  // Some editors begin a file with a byte order mark.
  writeFileSync(join(dir, 'model.json'), '\ufeff{"graph":"../model.onnx"}');
  expect((await init(dir)).err).toContain(wrong);
});

it.each<[string, Partial<MeanColourModel>, RegExp, string[]]>([
  [
    'one logit',
    { classes: [[1, 0, 0]] },
    /one number per row.*--activation sigmoid/,
    ['--activation', 'sigmoid'],
  ],
  [
    'a possible embedding',
    { output: 'y' },
    /may be an embedding.*--activation softmax/,
    ['--activation', 'none'],
  ],
  [
    'a declared embedding',
    { output: 'embeds' },
    /its name says/,
    ['--task', 'image-classification', '--activation', 'softmax'],
  ],
])('asks for the flag that decides on %s, and uses it', async (_what, more, says, flags) => {
  const dir = testFolder();
  const file = join(dir, 'model.onnx');
  writeFileSync(file, meanColourModel({ classes: ONE_HOT, side: 32, ...more }));
  const err = expect.stringMatching(says) as string;
  expect(await init(file, ...flags.slice(0, -2))).toMatchObject({ code: 2, err });
  expect(existsSync(join(dir, 'model.json'))).toBe(false);
  expect((await init(file, ...flags)).code).toBe(0);
  expect(configOf(dir)).toMatchObject({ activation: flags.at(-1) });
});

it('asks which of several outputs holds the class scores', async () => {
  const dir = testFolder();
  writeFileSync(join(dir, 'model.onnx'), twoOutputModel(8));
  const file = join(dir, 'model.onnx');
  expect((await init(file)).err).toContain('say which with --output-name, such as --output-name scores');
  expect((await init(file, '--output-name', 'score')).err).toContain('did you mean "scores"?');
  const flags = ['--output-name', 'others', '--activation', 'softmax'];
  expect((await init(file, ...flags)).code).toBe(0);
  expect(configOf(dir)).toMatchObject({ output: 'others' });
});

it('leaves everything unchanged if the model does not load', async () => {
  const dir = testFolder();
  writeFileSync(join(dir, 'broken.onnx'), brokenModel(8));
  writeFileSync(join(dir, 'labels.txt'), 'a\nb\n');
  const { code, err } = await init(join(dir, 'broken.onnx'), '--out', join(dir, 'deep/er'));
  expect(code).toBe(2);
  expect(err).toContain('the model does not load, so nothing is written');
  expect(readdirSync(dir).toSorted()).toEqual(['broken.onnx', 'labels.txt']);
  mkdirSync(join(dir, 'm'));
  writeFileSync(join(dir, 'm/model.json'), '{}');
  expect((await init(join(dir, 'broken.onnx'), '--out', join(dir, 'm'), '--force')).code).toBe(2);
  expect(readdirSync(join(dir, 'm'))).toEqual(['model.json']);
  expect(readFileSync(join(dir, 'm/model.json'), 'utf8')).toBe('{}');
});

it('asks how images get an input that is not square', async () => {
  const dir = testFolder();
  const file = join(dir, 'model.onnx');
  writeFileSync(file, meanColourModel({ classes: ONE_HOT, side: 8, shape: [3, 8, 12] }));
  expect(await init(file)).toMatchObject({
    code: 2,
    err: expect.stringContaining('float32[N,3,8,12] is not square') as string,
  });
  expect((await init(file, '--resize', 'letterbox')).code).toBe(0);
  const crop = { width: 12, height: 8 };
  expect(configOf(dir)).toMatchObject({ preprocess: { resize: 'letterbox', crop } });
  expect((await init(file, '--force', '--resize', 'squash')).code).toBe(0);
  expect(configOf(dir)).toMatchObject({ preprocess: { resize: crop, crop } });
});

it('takes grey images', async () => {
  const dir = testFolder();
  const file = join(dir, 'model.onnx');
  writeFileSync(file, greyModel());
  const { code, out } = await init(file);
  expect(code).toBe(0);
  expect(out).toContain('preprocess.mean [0], std [1]: none');
  expect(configOf(dir)).toMatchObject({
    task: 'image-classification',
    preprocess: { crop: 8, channels: 1, mean: [0], std: [1] },
  });
});

function greyModel(): Buffer {
  return writeOnnx({
    inputs: [{ name: 'image', type: 'float32', shape: ['N', 1, 8, 8] }],
    outputs: [{ name: 'scores', type: 'float32', shape: ['N', 64] }],
    operators: [step('Flatten', ['image'], 'flat'), step('Softmax', ['flat'], 'scores', { axis: 1 })],
    weights: [],
  });
}

function writeJson(path: string, value: object): void {
  writeFileSync(path, JSON.stringify(value));
}
