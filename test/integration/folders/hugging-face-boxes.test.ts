// Hugging Face folders of detectors and segmenters. The configs are those of public models, shortened.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadModelFolder } from '#forebay/shared/models/model-folder.js';
import { effectiveOptions } from '#forebay/shared/tasks/option-values.js';
import { servedFolder, writeFolder } from '../../support/foreign-folders.ts';
import { plain } from '../../support/lanes.ts';
import { writeOnnx, type Value } from '../../support/onnx/graph.ts';
import { floatOutput } from '../../support/onnx/image-graph.ts';
import { floats, ints, step } from '../../support/onnx/mean-model.ts';

const SIDE = 32;
const IMAGENET = { image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] };
const PIXELS = floatOutput('pixel_values', 'batch', 3, 'height', 'width');

/** Answers every image with the same two boxes. `logits` holds one list of class logits per box. */
function boxesGraph(logits: readonly (readonly number[])[], beside: readonly Value[] = []): Buffer {
  const classes = logits[0]!.length;
  return writeOnnx({
    inputs: [PIXELS, ...beside],
    outputs: [floatOutput('logits', 'batch', 2, classes), floatOutput('pred_boxes', 'batch', 2, 4)],
    operators: [
      step('ReduceMean', ['pixel_values'], 'mean', { axes: [1, 2, 3], keepdims: 0 }),
      step('Mul', ['mean', 'zero'], 'zeros'),
      step('Reshape', ['zeros', 'column'], 'nothing'),
      step('Add', ['nothing', 'scores'], 'logits'),
      step('Add', ['nothing', 'boxes'], 'pred_boxes'),
    ],
    weights: [
      floats('zero', [1], [0]),
      ints('column', [-1, 1, 1]),
      floats('scores', [1, 2, classes], logits.flat()),
      floats('boxes', [1, 2, 4], [0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.5, 0.5]),
    ],
  });
}

async function answer(dir: string) {
  const { folder, lane } = await servedFolder(dir);
  const rows = [{ bytes: await plain(255, 0, 0) }];
  const options = effectiveOptions(folder.config, {});
  const { outcomes } = await lane.run({ model: 'm', rows, options });
  if (!outcomes[0]!.ok) throw new Error(outcomes[0]!.error.message);
  return { folder, answer: JSON.parse(`{${outcomes[0]!.result}}`) as Record<string, unknown> };
}

const RT_DETR = {
  'config.json': {
    architectures: ['RTDetrForObjectDetection'],
    model_type: 'rt_detr',
    id2label: { 0: 'person', 1: 'bicycle' },
  },
  'preprocessor_config.json': {
    _valid_processor_keys: ['images'],
    do_convert_annotations: true,
    do_normalize: false,
    do_pad: false,
    do_rescale: true,
    do_resize: true,
    format: 'coco_detection',
    ...IMAGENET,
    image_processor_type: 'RTDetrImageProcessor',
    pad_size: null,
    resample: 2,
    rescale_factor: 1 / 255,
    size: { height: SIDE, width: SIDE },
  },
  'onnx/model.onnx': boxesGraph([
    [-9, 2],
    [0, -9],
  ]),
};

describe('detectors', () => {
  it('RT-DETR is served as it is, with squashed images and independent logits', async () => {
    const { folder, answer: made } = await answer(writeFolder(RT_DETR));
    expect(folder.notes).toEqual([]);
    expect(folder.config).toMatchObject({
      task: 'object-detection',
      head: 'detr',
      activation: 'sigmoid',
      preprocess: { resize: { width: SIDE, height: SIDE }, crop: SIDE, mean: [0], std: [1] },
    });
    const [first, second] = made['detections'] as { label: string; score: number }[];
    expect(first).toMatchObject({ label: 'bicycle', score: 0.880797 });
    expect(second).toMatchObject({ label: 'person', score: 0.5 });
  });

  const DETR = {
    'config.json': {
      architectures: ['DetrForObjectDetection'],
      model_type: 'detr',
      id2label: { 0: 'N/A', 1: 'person' },
    },
    'preprocessor_config.json': {
      do_normalize: true,
      do_resize: true,
      feature_extractor_type: 'DetrFeatureExtractor',
      format: 'coco_detection',
      ...IMAGENET,
      max_size: 1333,
      size: 800,
    },
    // The last class is "no object".
    'model.onnx': boxesGraph(
      [
        [0, 3, 0],
        [0, 0, 9],
      ],
      [{ name: 'pixel_mask', type: 'int64', shape: ['batch', 8, 8] }],
    ),
  };

  it('DETR is refused because its inputs keep the aspect ratio, and is served if model.json sets a size', async () => {
    const dir = writeFolder(DETR);
    await expect(loadModelFolder(dir)).rejects.toThrow(
      /preprocessor_config\.json: the shorter side of an image becomes 800, and the longer one at most 1333/,
    );
    await expect(loadModelFolder(dir)).rejects.toMatchObject({
      issues: [
        { path: '/preprocess/crop' },
        { path: '/preprocess/interpolation' },
        { path: '/preprocess/resize' },
      ],
    });
    const preprocess = { resize: { width: SIDE, height: SIDE }, crop: SIDE, interpolation: 'bilinear' };
    writeFileSync(join(dir, 'model.json'), JSON.stringify({ preprocess }));
    const { folder, answer: made } = await answer(dir);
    expect(folder.config).toMatchObject({ activation: 'softmax', preprocess: { mean: IMAGENET.image_mean } });
    expect(made['detections']).toMatchObject([{ label: 'person', score: 0.909443 }]);
  });

  it('an unknown detector is refused, and the error asks for its activation', async () => {
    const dir = writeFolder({
      ...RT_DETR,
      'config.json': { ...RT_DETR['config.json'], architectures: ['NewForObjectDetection'] },
    });
    await expect(loadModelFolder(dir)).rejects.toThrow(
      /model\.json \/activation: is missing: Forebay does not know how NewForObjectDetection turns numbers/,
    );
  });
});

describe('segmenters', () => {
  const SEGFORMER = {
    'config.json': {
      architectures: ['SegformerForSemanticSegmentation'],
      model_type: 'segformer',
      id2label: { 0: 'wall', 1: 'sky', 2: 'tree' },
    },
    'preprocessor_config.json': {
      do_normalize: false,
      do_resize: true,
      feature_extractor_type: 'SegformerFeatureExtractor',
      ...IMAGENET,
      reduce_labels: true,
      resample: 2,
      size: SIDE,
    },
    // The map of each class is one colour channel of the input, at a quarter of the size.
    'model.onnx': writeOnnx({
      inputs: [PIXELS],
      outputs: [floatOutput('logits', 'batch', 3, 'h', 'w')],
      operators: [step('AveragePool', ['pixel_values'], 'logits', { kernel_shape: [4, 4], strides: [4, 4] })],
      weights: [],
    }),
  };

  it('SegFormer is served as it is, with one note about what its file leaves out', async () => {
    const { folder, answer: made } = await answer(writeFolder(SEGFORMER));
    expect(folder.notes).toEqual([
      'preprocessor_config.json has no rescale_factor: pixels are divided by 255',
    ]);
    expect(folder.config).toMatchObject({
      task: 'image-segmentation',
      activation: 'softmax',
      labels: 'config.json',
      preprocess: { resize: { width: SIDE, height: SIDE }, crop: SIDE },
    });
    expect(made['segments']).toMatchObject([{ label: 'wall', score: 0.576117 }]);
  });

  it('the note is left out if model.json gives the factor, and if there is no such file', async () => {
    const given = writeFolder({ ...SEGFORMER, 'model.json': { preprocess: { rescale: 1 / 255 } } });
    expect((await loadModelFolder(given)).notes).toEqual([]);
    const { 'preprocessor_config.json': _, ...others } = SEGFORMER;
    const preprocess = { crop: SIDE, interpolation: 'bilinear', mean: [0], std: [1] };
    const without = writeFolder({ ...others, 'model.json': { preprocess } });
    expect((await loadModelFolder(without)).notes).toEqual([]);
  });

  it('a processor that keeps the aspect ratio is refused with the reason', async () => {
    const processor = {
      ...SEGFORMER['preprocessor_config.json'],
      feature_extractor_type: undefined,
      image_processor_type: 'DPTImageProcessor',
      size: { height: 384, width: 384 },
      keep_aspect_ratio: true,
      ensure_multiple_of: 32,
    };
    const dir = writeFolder({
      ...SEGFORMER,
      'config.json': { ...SEGFORMER['config.json'], architectures: ['DPTForSemanticSegmentation'] },
      'preprocessor_config.json': processor,
    });
    await expect(loadModelFolder(dir)).rejects.toThrow(
      /\/preprocess\/resize: is missing: .*an image keeps its ratio \(keep_aspect_ratio\)/,
    );
  });

  it('a model that answers with one mask per query is refused', async () => {
    const config = { ...SEGFORMER['config.json'], architectures: ['Mask2FormerForUniversalSegmentation'] };
    await expect(loadModelFolder(writeFolder({ ...SEGFORMER, 'config.json': config }))).rejects.toThrow(
      /names the architecture "Mask2FormerForUniversalSegmentation", which does not show a task/,
    );
  });
});
