/** The graphs and configs of the models that the benchmarks run. Generated graphs are kept in the cache folder. */
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { writeResnet50 } from '../models/resnet50.js';
import { BERT_BASE, MINILM, writeTextEncoder } from '../models/text-encoder.js';
import { benchCache, root, sharedData } from './places.js';

const PHOTO = {
  resize: 256,
  crop: 224,
  interpolation: 'bicubic',
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};
const DIGITS = join(root, 'examples', 'digits', 'models');
/** Labels of token classes. The bias of the generated graph favours the first. */
export const ENTITY_LABELS = ['O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC'];
const TEXT_CLASSES = 5;
export const IRIS_COLUMNS = ['sepal_length', 'sepal_width', 'petal_length', 'petal_width'];

const tokenizer = () => sharedData('open', 'text-minilm', 'tokenizer.json');

/**
 * The graph and the config of each model. `files`: further files of the model's folder, each with its text or with a
 * path to link to.
 */
export const MODELS = {
  mobilenetv2: { graph: () => sharedData('models', 'mobilenetv2.onnx'), config: photoConfig },
  resnet50: { graph: resnet50, config: photoConfig },
  'mobilenetv2-int8': { graph: () => sharedData('models', 'mobilenetv2-int8-qdq.onnx'), config: photoConfig },
  'digits-small': digitsModel('digits-small'),
  'digits-large': digitsModel('digits-large'),
  'mobilenetv2-vectors': {
    graph: () => sharedData('models', 'mobilenetv2.onnx'),
    config: vectorConfig,
  },
  'resnet50-vectors': { graph: resnet50, config: vectorConfig },
  'yolox-nano': {
    graph: () => sharedData('models', 'yolox-nano.onnx'),
    config: () => ({
      task: 'object-detection',
      head: 'yolox',
      preprocess: {
        resize: 'letterbox',
        crop: 416,
        pad: 114,
        align: 'top_left',
        color_order: 'bgr',
        rescale: 1,
      },
    }),
  },
  'ocr-det': {
    graph: () => sharedData('open', 'ocr', 'det.onnx'),
    config: () => ({
      task: 'image-segmentation',
      activation: 'none',
      threshold: 0.3,
      preprocess: {
        resize: { width: 320, height: 320 },
        crop: 320,
        color_order: 'bgr',
        mean: PHOTO.mean,
        std: PHOTO.std,
      },
    }),
  },
  minilm: {
    graph: () => sharedData('open', 'text-minilm', 'model.onnx'),
    config: () => ({ task: 'text-embedding', max_length: 256, pooling: 'mean' }),
    files: () => ({ 'tokenizer.json': { link: tokenizer() } }),
  },
  'minilm-classes': {
    graph: () =>
      generated('minilm-classes-seed1.onnx', writeTextEncoder, {
        seed: 1,
        ...MINILM,
        head: { of: 'text', classes: TEXT_CLASSES },
      }),
    config: () => ({ task: 'text-classification', max_length: 256, activation: 'softmax' }),
    files: () => ({ 'tokenizer.json': { link: tokenizer() } }),
  },
  'minilm-entities': {
    graph: () =>
      generated('minilm-entities-seed1.onnx', writeTextEncoder, {
        seed: 1,
        ...MINILM,
        head: { of: 'tokens', classes: ENTITY_LABELS.length },
      }),
    config: () => ({
      task: 'token-classification',
      max_length: 256,
      activation: 'softmax',
      labels: 'labels.txt',
    }),
    files: () => ({
      'tokenizer.json': { link: tokenizer() },
      'labels.txt': { text: `${ENTITY_LABELS.join('\n')}\n` },
    }),
  },
  iris: {
    graph: () => sharedData('open', 'tabular', 'iris-forest.onnx'),
    config: () => ({
      task: 'tabular',
      columns: IRIS_COLUMNS,
      classes: ['setosa', 'versicolor', 'virginica'],
    }),
  },
  magika: {
    graph: () => sharedData('models', 'magika.onnx'),
    // The batch size is the one that `forebay model init` finds.
    config: () => ({ task: 'tensors', row_bytes: 2048 * 4 + 214 * 4, batching: { batch_size: 8 } }),
  },
  'silero-vad': {
    graph: () => sharedData('open', 'audio', 'silero-vad-16k.onnx'),
    config: () => ({
      task: 'audio',
      sample_rate: 16_000,
      frame: { length: 576, context: 64 },
      inputs: { sr: { value: 16_000 } },
      state: [{ input: 'state', output: 'stateN', batch_axis: 1 }],
      outputs: { output: { join: 'concat' } },
      row_seconds: 3,
      batching: { batch_size: 32 },
    }),
  },
};

function photoConfig() {
  return { task: 'image-classification', preprocess: PHOTO, softmax: true };
}

function vectorConfig() {
  return { task: 'image-embedding', preprocess: PHOTO };
}

function resnet50() {
  return generated('resnet50-seed1.onnx', writeResnet50, { seed: 1 });
}

function digitsModel(name) {
  return {
    graph: () => join(DIGITS, name, 'model.onnx'),
    config: () => {
      const { labels: _, ...config } = JSON.parse(readFileSync(join(DIGITS, name, 'model.json'), 'utf8'));
      return config;
    },
  };
}

/** The graph of the ladder's text encoder, which the service does not serve. @returns {string} path */
export function textEncoder() {
  return generated('bert-base-seed1.onnx', writeTextEncoder, { seed: 1, ...BERT_BASE });
}

/** Returns the path of a file in the cache. Writes the file if it is absent. */
function generated(file, write, options) {
  const path = join(benchCache('graphs'), file);
  if (existsSync(path)) return path;
  const part = `${path}.${process.pid}`;
  write(part, options);
  renameSync(part, path);
  return path;
}
