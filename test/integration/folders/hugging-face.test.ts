// Hugging Face folders, served as they are.
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { listModelFolders } from '#forebay/shared/models/model-folder-reader.js';
import { loadModelFolder } from '#forebay/shared/models/model-folder.js';
import { servedFolder, writeFolder } from '../../support/foreign-folders.ts';
import { plain, predictionsOf, testFolder } from '../../support/lanes.ts';
import { classWeights, meanColourModel } from '../../support/onnx/models.ts';
import { largestOfTokens, tokenTable } from '../../support/onnx/text-graphs.ts';
import { records, runTexts, VOCABULARY, wordPieceFile } from '../../support/text-models.ts';

const SIDE = 8;
const ONE_HOT = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];
const CONFIG = {
  architectures: ['ResNetForImageClassification'],
  model_type: 'resnet',
  id2label: { 0: 'red', 1: 'green', 2: 'blue' },
  hidden_sizes: [3],
};
const PROCESSOR = {
  image_processor_type: 'ConvNextImageProcessor',
  do_resize: true,
  do_center_crop: true,
  size: { shortest_edge: SIDE },
  crop_size: { height: SIDE, width: SIDE },
  resample: 3,
  rescale_factor: 1 / 255,
  image_mean: [0, 0, 0],
  image_std: [1, 1, 1],
};

function imageFolder(more: Record<string, object | string | Buffer> = {}, name = 'Red Or Green') {
  const graph = meanColourModel({ classes: ONE_HOT, side: SIDE });
  const files = { 'config.json': CONFIG, 'preprocessor_config.json': PROCESSOR, 'onnx/model.onnx': graph };
  return writeFolder({ ...files, ...more }, name);
}

const hashOf = async (dir: string) => (await loadModelFolder(dir)).ref.hash;

describe('image classifiers', () => {
  it('are served with labels, preprocessing and softmax from their own files', async () => {
    const { folder, lane } = await servedFolder(imageFolder());
    expect(folder.config).toMatchObject({
      name: 'red-or-green',
      task: 'image-classification',
      activation: 'softmax',
      labels: 'config.json',
      preprocess: { resize: SIDE, crop: SIDE, interpolation: 'bicubic' },
    });
    expect(folder.notes).toEqual([]);
    const rows = [{ bytes: await plain(0, 255, 0) }];
    const { outcomes } = await lane.run({ model: 'm', rows, options: { top_k: 3 } });
    const [best, ...others] = predictionsOf(outcomes[0]);
    expect(best).toMatchObject({ label: 'green', score: 0.576117 });
    expect(new Set(others.map(({ label }) => label))).toEqual(new Set(['blue', 'red']));
  });

  it('have a hash that covers every file that can change an answer', async () => {
    const dir = imageFolder();
    const before = await hashOf(dir);
    const change = async (file: string, content: object | Buffer) => {
      const path = join(dir, file);
      const old = readFileSync(path);
      writeFileSync(path, Buffer.isBuffer(content) ? content : JSON.stringify(content));
      const { ref, files } = await loadModelFolder(dir);
      writeFileSync(path, old);
      expect(files.map((one) => one.path)).toContain(path);
      return ref.hash;
    };
    const hashes = [
      before,
      await change('config.json', { ...CONFIG, id2label: { 0: 'r', 1: 'g', 2: 'b' } }),
      await change('preprocessor_config.json', { ...PROCESSOR, image_mean: [0.5, 0.5, 0.5] }),
      await change('onnx/model.onnx', meanColourModel({ classes: ONE_HOT.toReversed(), side: SIDE })),
    ];
    expect(new Set(hashes).size).toBe(4);
    expect(await hashOf(dir)).toBe(before);
  });

  it('squash images if their processor does, as with ViT', async () => {
    const size = { height: SIDE, width: SIDE };
    const { do_center_crop: _, crop_size: _crop, ...processor } = PROCESSOR;
    const dir = imageFolder({ 'preprocessor_config.json': { ...processor, size } });
    const { folder, lane } = await servedFolder(dir);
    expect(folder.config).toMatchObject({ preprocess: { resize: size, crop: SIDE } });
    expect(folder.notes).toEqual([]);
    // Red only at the left end, which a centre crop would cut off.
    const grey = { r: 0, g: 0, b: 90 };
    const red = await sharp({
      create: { width: 16, height: 16, channels: 3, background: { r: 255, g: 0, b: 0 } },
    })
      .png()
      .toBuffer();
    const bytes = await sharp({ create: { width: 48, height: 16, channels: 3, background: grey } })
      .composite([{ input: red, left: 0, top: 0 }])
      .png()
      .toBuffer();
    const { outcomes } = await lane.run({ model: 'm', rows: [{ bytes }], options: { top_k: 3 } });
    expect(predictionsOf(outcomes[0])[0]!.label).toBe('red');
  });

  it('load weights from a file beside their graph', async () => {
    const graph = meanColourModel({ classes: ONE_HOT, side: SIDE, location: 'model.onnx_data' });
    const dir = imageFolder({ 'onnx/model.onnx': graph, 'onnx/model.onnx_data': classWeights(ONE_HOT) });
    const { folder } = await servedFolder(dir);
    expect(folder.external).toEqual([join(dir, 'onnx/model.onnx_data')]);
  });

  it('use the graph and the other fields that model.json sets', async () => {
    const half = meanColourModel({ classes: ONE_HOT.toReversed(), side: SIDE, type: 'float16' });
    const own = { name: 'half', graph: 'onnx/model_fp16.onnx', preprocess: { mean: [0.5, 0.5, 0.5] } };
    const dir = imageFolder({ 'onnx/model_fp16.onnx': half, 'model.json': own });
    const { folder, info } = await servedFolder(dir);
    expect(folder.entryPath).toBe(join(dir, 'onnx/model_fp16.onnx'));
    expect(folder.config).toMatchObject({
      name: 'half',
      preprocess: { mean: [0.5, 0.5, 0.5], std: [1, 1, 1] },
    });
    expect(info.inputs[0]!.type).toBe('float16');
    writeFileSync(join(dir, 'model.json'), JSON.stringify({ ...own, graph: '../model.onnx' }));
    await expect(loadModelFolder(dir)).rejects.toThrow(/\/graph: expected the path of an .onnx file below/);
  });

  it('have the settings of processor_config.json, which transformers prefers', async () => {
    const { 'preprocessor_config.json': own, ...nested } = {
      'preprocessor_config.json': { ...PROCESSOR, image_mean: [0.5, 0.5, 0.5] },
      'processor_config.json': {
        image_processor: { ...PROCESSOR, odd: 1 },
        processor_class: 'CLIPProcessor',
      },
    };
    for (const more of [nested, { ...nested, 'preprocessor_config.json': own }]) {
      const dir = imageFolder(more);
      if (more === nested) rmSync(join(dir, 'preprocessor_config.json'));
      const { config, notes } = await loadModelFolder(dir);
      expect(config).toMatchObject({ preprocess: { resize: SIDE, crop: SIDE, mean: [0, 0, 0] } });
      expect(notes).toEqual(['processor_config.json (image_processor): odd 1']);
    }
  });

  it('of timm have the pixels and names of config.json', async () => {
    const data = { input_size: [3, SIDE, SIDE], crop_pct: 0.5, mean: [0, 0, 0], std: [1, 1, 1] };
    const timm = {
      architecture: 'resnet10t',
      num_classes: 3,
      label_names: ['red', 'green', 'blue'],
      pretrained_cfg: { ...data, interpolation: 'bilinear', crop_mode: 'center' },
    };
    const dir = imageFolder({ 'config.json': timm });
    rmSync(join(dir, 'preprocessor_config.json'));
    const { folder, lane } = await servedFolder(dir);
    expect(folder.config).toMatchObject({
      task: 'image-classification',
      preprocess: { resize: 2 * SIDE, crop: SIDE, interpolation: 'bilinear' },
    });
    const rows = [{ bytes: await plain(0, 255, 0) }];
    const { outcomes } = await lane.run({ model: 'm', rows, options: { top_k: 3 } });
    expect(predictionsOf(outcomes[0])[0]).toMatchObject({ label: 'green', score: 0.576117 });
  });

  it('note the fields that Forebay does not understand', async () => {
    const dir = imageFolder({
      'config.json': { ...CONFIG, problem_type: 'odd' },
      'preprocessor_config.json': { ...PROCESSOR, rescale_offset: true },
    });
    const { notes } = await loadModelFolder(dir);
    expect(notes).toEqual([
      'config.json: problem_type "odd"',
      'preprocessor_config.json: rescale_offset true',
    ]);
  });

  it('are refused with the model.json names of all fields that no file sets', async () => {
    const { resample: _, image_mean: _mean, ...less } = PROCESSOR;
    const dir = imageFolder({ 'preprocessor_config.json': less });
    await expect(loadModelFolder(dir)).rejects.toMatchObject({
      code: 'invalid_model_config',
      issues: [
        { path: '/preprocess/interpolation' },
        { path: '/preprocess/mean' },
        { path: '/preprocess/std' },
      ],
    });
    const preprocess = { interpolation: 'bilinear', mean: [0, 0, 0], std: [1, 1, 1] };
    writeFileSync(join(dir, 'model.json'), JSON.stringify({ preprocess }));
    await expect(loadModelFolder(dir)).resolves.toMatchObject({ config: { preprocess } });
  });
});

it.each<[string, Record<string, object | string | Buffer>, RegExp]>([
  [
    'an architecture without a task',
    { 'config.json': { architectures: ['T5ForConditionalGeneration'] } },
    /model\.json \/task: is missing: config\.json names the architecture "T5ForConditionalGeneration"/,
  ],
  [
    'a config without an architecture',
    { 'config.json': { model_type: 'vit' } },
    /config\.json names no architecture/,
  ],
  [
    'an interpolation that Forebay does not have, and a size that it does not understand',
    { 'preprocessor_config.json': { ...PROCESSOR, resample: 5, size: [16, 16], crop_size: null } },
    /preprocess\/crop: is missing: .*size \[16,16\]; this does not.*preprocess\/interpolation: .*resample 5; Forebay/,
  ],
  ['a config that is not JSON', { 'config.json': '{' }, /config\.json is not JSON/],
  ['a config that is a list', { 'config.json': '[]' }, /config\.json is a list, not an object/],
])('refuses %s', async (_what, files, says) => {
  await expect(loadModelFolder(imageFolder(files))).rejects.toThrow(says);
});

it('shows the command that writes a config into a folder that has none', async () => {
  const dir = imageFolder({ 'config.json': {} });
  const command = `forebay model init "${dir}" --out "${dir}"`;
  await expect(loadModelFolder(dir)).rejects.toThrow(command);
});

it('refuses a folder with several graphs, and asks which of them to serve', async () => {
  const dir = imageFolder({
    'onnx/model_q4.onnx': Buffer.from('x'),
    'onnx/model_fp16.onnx': Buffer.from('x'),
  });
  rmSync(join(dir, 'onnx/model.onnx'));
  await expect(loadModelFolder(dir)).rejects.toThrow(
    /several graphs, and none is called model\.onnx: name one in model\.json, such as \{ "graph": "onnx\/model_fp16\.onnx" \}/,
  );
});

it('a Hugging Face folder is found in a models folder, and loads through links as in the Hub cache', async () => {
  const dir = imageFolder();
  const models = dirname(dir);
  expect((await listModelFolders(models)).models.map(({ ref }) => ref.name)).toEqual(['red-or-green']);
  expect((await listModelFolders(dir)).models).toHaveLength(1);
  const snapshot = testFolder();
  for (const name of ['config.json', 'preprocessor_config.json']) {
    symlinkSync(join(dir, name), join(snapshot, name));
  }
  symlinkSync(join(dir, 'onnx'), join(snapshot, 'onnx'));
  const { config } = await loadModelFolder(dir);
  const { name } = (await loadModelFolder(snapshot)).config;
  expect((await loadModelFolder(snapshot)).config).toEqual({ ...config, name });
});

describe('texts', () => {
  const table = VOCABULARY.map((_, id) => [id, -id]);
  const tokenizer = {
    'tokenizer.json': wordPieceFile(),
    'tokenizer_config.json': { model_max_length: 16, pad_token: { content: '[PAD]' } },
  };

  it('are classified with the labels of config.json', async () => {
    const dir = writeFolder({
      ...tokenizer,
      'config.json': {
        architectures: ['BertForSequenceClassification'],
        model_type: 'bert',
        max_position_embeddings: 12,
        id2label: { 0: 'late', 1: 'early' },
      },
      'model.onnx': largestOfTokens({ table: VOCABULARY.map((_, id) => [id, 3]) }),
    });
    const { folder, lane } = await servedFolder(dir);
    expect(folder.config).toMatchObject({ max_length: 12, pad_token: '[PAD]', activation: 'softmax' });
    const outcomes = await runTexts(lane, folder, records('mary loves paris', ''));
    expect(outcomes.map((outcome) => predictionsOf(outcome)[0]!.label)).toEqual(['late', 'late']);
  });

  it('have entities with the labels of config.json', async () => {
    const labels = ['O', 'B-PER'];
    const scores = VOCABULARY.map((token) =>
      labels.map((label) => ((label === 'B-PER') === (token === 'mary') ? 30 : 0)),
    );
    const dir = writeFolder({
      ...tokenizer,
      'config.json': {
        architectures: ['BertForTokenClassification'],
        model_type: 'bert',
        id2label: { 0: 'O', 1: 'B-PER' },
      },
      'onnx/model.onnx': tokenTable({ table: scores, output: 'logits' }),
    });
    const { folder, lane } = await servedFolder(dir);
    const [outcome] = await runTexts(lane, folder, records('paris loves Mary'));
    expect(outcome).toEqual({
      ok: true,
      result: '"entities":[{"label":"PER","score":1,"start":12,"end":16,"text":"Mary"}]',
    });
  });

  it('for a model without a head need a pooling from model.json, as images do', async () => {
    const bare = { architectures: ['BertModel'], model_type: 'bert' };
    const dir = writeFolder({ ...tokenizer, 'config.json': bare, 'model.onnx': tokenTable({ table }) });
    await expect(loadModelFolder(dir)).rejects.toThrow(/\/pooling: is missing: no file shows/);
    writeFileSync(join(dir, 'model.json'), JSON.stringify({ pooling: 'mean', normalize: false }));
    const { folder, lane } = await servedFolder(dir);
    expect(await runTexts(lane, folder, records('a'))).toEqual([{ ok: true, result: '"embedding":[3,-3]' }]);
    expect(folder.notes).toEqual([]);
    const images = imageFolder({
      'config.json': { architectures: ['ViTModel'] },
      'model.json': { pooling: 'none' },
    });
    const { folder: vectors } = await servedFolder(images);
    expect(vectors.config).toMatchObject({ task: 'image-embedding', normalize: true });
    expect(vectors.notes).toEqual([expect.stringMatching(/^vectors are scaled to length 1/)]);
  });

  it('are embedded with the pooling, the length and the prompts of sentence-transformers', async () => {
    const dir = writeFolder({
      ...tokenizer,
      'config.json': { architectures: ['MPNetModel'], model_type: 'mpnet', max_position_embeddings: 18 },
      'modules.json': [
        { idx: 0, path: '', type: 'sentence_transformers.models.Transformer' },
        { idx: 1, path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
      ],
      '1_Pooling/config.json': { pooling_mode_cls_token: true, pooling_mode_mean_tokens: false },
      'config_sentence_transformers.json': { prompts: { query: 'a ' }, default_prompt_name: null },
      'onnx/model.onnx': tokenTable({ table }),
    });
    const { folder, lane } = await servedFolder(dir);
    expect(folder.config).toMatchObject({
      task: 'text-embedding',
      pooling: 'cls',
      normalize: false,
      max_length: 16,
      prompts: { query: 'a ' },
    });
    const [outcome] = await runTexts(lane, folder, records('b'));
    expect(outcome).toEqual({ ok: true, result: '"embedding":[2,-2]' });
  });

  it('are refused if their model needs a step or a pooling that Forebay does not have', async () => {
    const modules = [
      { path: '', type: 'sentence_transformers.models.Transformer' },
      { path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
      { path: '2_Dense', type: 'sentence_transformers.models.Dense' },
    ];
    const dir = writeFolder({
      ...tokenizer,
      'config.json': { model_type: 'bert' },
      'modules.json': modules,
      '1_Pooling/config.json': { pooling_mode_mean_tokens: true, pooling_mode_max_tokens: true },
      'model.onnx': tokenTable({ table }),
    });
    await expect(loadModelFolder(dir)).rejects.toThrow(
      /step Dense.*pooling_mode_mean_tokens and pooling_mode_max/,
    );
  });
});

const MINILM = resolve(import.meta.dirname, '../../../../shared/data/open/text-minilm');

describe.skipIf(!existsSync(MINILM))('on ../shared/data (skipped without that folder)', () => {
  it('all-MiniLM-L6-v2 is served as it is, with the embeddings of sentence-transformers', async () => {
    const { folder, lane } = await servedFolder(MINILM);
    expect(folder.config).toMatchObject({ pooling: 'mean', normalize: true, max_length: 256 });
    const { texts, int8_alone } = JSON.parse(readFileSync(join(MINILM, 'reference.json'), 'utf8')) as {
      texts: string[];
      int8_alone: number[][];
    };
    const outcomes = await runTexts(lane, folder, records(...texts));
    let most = 0;
    for (const [row, outcome] of outcomes.entries()) {
      if (!outcome.ok) throw new Error(outcome.error.message);
      const { embedding } = JSON.parse(`{${outcome.result}}`) as { embedding: number[] };
      for (const [i, value] of embedding.entries())
        most = Math.max(most, Math.abs(value - int8_alone[row]![i]!));
    }
    // The reference is rounded to five decimal places.
    expect(most).toBeLessThan(5.001e-6);
  });
});
