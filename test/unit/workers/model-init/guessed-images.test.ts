// Which task and config `model init` guesses for graphs that take images.
import { expect, it } from 'vitest';
import { readGraphFace } from '#forebay/shared/models/onnx-graph.js';
import { withGraphFacts } from '#forebay/workers/model-init/graph-facts.js';
import type { Hints } from '#forebay/workers/model-init/hints.js';
import { floats, guessed, labels, NOTHING, type Given } from '../../../support/guessed.ts';
import { writeOnnx, type Dim, type Value } from '../../../support/onnx/graph.ts';
import { tensor } from '../../../support/onnx/tabular-models.ts';

const image = (side: Dim = 640) => [floats('images', 'N', 3, side, side)];
const ultralytics = { stride: '32', task: 'detect', names: "{0: 'cat', 1: 'dog'}", imgsz: '[640, 640]' };

it.each<[string, Given, object]>([
  ['YOLOX', { inputs: image(), outputs: [floats('output', 1, 8400, 85)] }, { head: 'yolox' }],
  [
    'YOLOX of larger inputs',
    { inputs: image(), outputs: [floats('output', 1, 8500, 85)] },
    { head: 'yolox', strides: [8, 16, 32, 64] },
  ],
  [
    'YOLOX whose boxes the graph decodes',
    { inputs: image(), outputs: [floats('output', 1, 8400, 85)], operators: ['Exp'] },
    { head: 'yolov5' },
  ],
  ['YOLOv5', { inputs: image(), outputs: [floats('output0', 1, 25200, 85)] }, { head: 'yolov5' }],
  ['YOLOv8', { inputs: image(), outputs: [floats('output0', 1, 84, 8400)] }, { head: 'yolov8' }],
  [
    'YOLO11 of any size, by its metadata',
    {
      inputs: image('height'),
      outputs: [floats('output0', 'batch', 6, 'anchors')],
      metadata: ultralytics,
      hints: labels(2),
    },
    { head: 'yolov8', preprocess: { resize: 'letterbox', crop: 640, pad: 114, color_order: 'rgb' } },
  ],
  [
    'YOLO11 of any size and any number of classes',
    {
      inputs: image('height'),
      outputs: [floats('output0', 'batch', 'Concatoutput0_dim_1', 'anchors')],
      metadata: ultralytics,
    },
    { head: 'yolov8' },
  ],
  [
    'YOLO26 of any size, whose metadata says that it needs no suppression',
    {
      inputs: image('height'),
      outputs: [floats('output0', 'batch', 'boxes', 6)],
      metadata: { ...ultralytics, end2end: 'True' },
    },
    { head: 'nms' },
  ],
  [
    'YOLOv10',
    { inputs: image(), outputs: [floats('output0', 1, 300, 6)], metadata: ultralytics },
    { head: 'nms' },
  ],
  [
    'DETR',
    {
      inputs: [...image(), tensor('pixel_mask', 'int64', 'N', 64, 64)],
      outputs: [floats('logits', 'N', 100, 92), floats('pred_boxes', 'N', 100, 4)],
      hints: { ...labels(91), resize: 'squash' },
    },
    { head: 'detr', activation: 'softmax', inputs: { mask: 'pixel_mask' } },
  ],
  [
    'outputs for boxes, scores and classes',
    {
      inputs: image(),
      outputs: [
        tensor('num_dets', 'int32', 'N', 1),
        floats('det_boxes', 'N', 100, 4),
        floats('det_scores', 'N', 100),
        tensor('det_classes', 'int32', 'N', 100),
      ],
      hints: { resize: 'squash' },
    },
    { head: 'nms' },
  ],
])('a detector: %s', (_what, given, config) => {
  const { config: made, said } = guessed(given);
  expect(made).toMatchObject({ task: 'object-detection', ...config });
  expect(said).toMatch(/head "\w+": .*--head chooses another one/);
});

it.each<[Hints['resize'], unknown, string, string]>([
  [undefined, 'letterbox', 'letterbox with grey 114, ', 'letterbox at the top left with grey 114, '],
  ['squash', { width: 640, height: 640 }, '', ''],
  [700, 700, 'crop, padded with grey 114, ', 'crop at the top left, padded with grey 114, '],
])('says how the images of a YOLO get their size: --resize %s', (asked, resize, yolo, yolox) => {
  for (const [outputs, place] of [
    [[floats('output0', 1, 84, 8400)], yolo],
    [[floats('output', 1, 8400, 85)], yolox],
  ] as const) {
    const { config, said } = guessed({ inputs: image(), outputs, hints: { resize: asked } });
    expect(config).toMatchObject({ preprocess: { resize } });
    expect(said).toMatch(new RegExp(`^preprocess: ${place}(RGB|BGR) from 0`, 'm'));
  }
});

it('labels of a wrong number are refused, or left out if the metadata of the detector has class names', () => {
  const given = { inputs: image(), outputs: [floats('output0', 1, 6, 8400)], hints: labels(3) };
  expect(() => guessed({ ...given, beside: { architecture: 'XForObjectDetection' } })).toThrow(
    /with the 3 names of labels\.txt, hold: pass --head/,
  );
  const { config, said } = guessed({ ...given, metadata: ultralytics });
  expect(config).toMatchObject({ head: 'yolov8' });
  expect(config).not.toHaveProperty('labels');
  expect(said).toContain("labels: none; labels.txt has 3 names, but the graph's metadata has 2");
});

it('a detector in the style of DETR needs its activation, from a flag or its architecture', () => {
  const outputs = [floats('logits', 'N', 300, 80), floats('pred_boxes', 'N', 300, 4)];
  const given = { inputs: image(), outputs, hints: { ...labels(80), resize: 'squash' } } as const;
  expect(() => guessed(given)).toThrow(/pass --activation softmax .*sigmoid/);
  const architecture = 'RTDetrForObjectDetection';
  expect(guessed({ ...given, beside: { architecture } }).said).toContain(
    'activation "sigmoid": taken from config.json (RTDetrForObjectDetection)',
  );
});

it('--head is required if the shapes do not show which head a detector has', () => {
  const map = { inputs: image(), outputs: [floats('map', 'N', 1, 640, 640)] };
  const metadata = { stride: '32', task: 'detect', names: '{}' };
  const given = { ...map, metadata, hints: { resize: 'squash' } } as const;
  expect(() => guessed(given)).toThrow(/pass --head yolox\|yolov5\|yolov8\|detr\|nms\|map/);
  expect(() => guessed({ ...given, hints: { resize: 'squash', head: 'mapp' } })).toThrow(
    /did you mean "map"/,
  );
  const { config } = guessed({ ...given, hints: { resize: 'squash', head: 'map' } });
  expect(config).toMatchObject({ head: 'map', preprocess: { resize: { width: 640, height: 640 } } });
});

it.each<[string, Value[]]>([
  ['masks of instances', [floats('output0', 1, 116, 8400), floats('output1', 1, 32, 160, 160)]],
  ['a map without a meaning', [floats('sigmoid_0', 'N', 1, 640, 640)]],
  ['characters of a text', [floats('softmax_0', 'N', 'T', 6625)]],
])('asks for --task: %s', (_what, outputs) => {
  expect(() => guessed({ inputs: image(), outputs })).toThrow(
    /nothing shows the task of the graph.*--task image-classification\|.*object-detection\|.*tensors/,
  );
});

it('the metadata of Ultralytics distinguishes a detector from a model of masks or key points', () => {
  const given = { inputs: image(), outputs: [floats('output0', 1, 6, 8400)], hints: labels(2) };
  expect(guessed({ ...given, metadata: ultralytics }).said).toContain(
    'task    "object-detection": taken from the graph\'s metadata (task: detect)',
  );
  const pose = { ...given, hints: labels(1), outputs: [floats('output0', 1, 56, 8400)] };
  expect(() => guessed({ ...pose, metadata: { ...ultralytics, task: 'pose' } })).toThrow(
    /Forebay does not support the task in the graph's metadata \(task: pose\): say which with --task/,
  );
});

it('a classifier of Ultralytics gets the preprocessing of its metadata, unless a file describes it', () => {
  const metadata = { ...ultralytics, task: 'classify', imgsz: '[160, 160]' };
  const graph = { inputs: image(160), outputs: [floats('output0', 1, 2)], operators: [], weights: [] };
  const face = readGraphFace(writeOnnx(graph, { metadata }));
  const nothing = { ...NOTHING, labels: null, taken: [], open: [] };
  const { preprocess, labels: names, taken } = withGraphFacts(nothing, face);
  expect(preprocess).toMatchObject({ resize: 160, crop: 160, mean: [0], std: [1] });
  expect(names!.names).toEqual(['cat', 'dog']);
  expect(taken).toHaveLength(2);
  expect(withGraphFacts({ ...nothing, hasProcessor: true }, face).preprocess).toEqual({});
  expect(
    guessed({ ...graph, metadata, hints: { activation: 'none' }, beside: { preprocess } }).config,
  ).toMatchObject({
    task: 'image-classification',
    preprocess: { resize: 160, crop: 160, mean: [0] },
  });
});

it.each<[string, Given, object]>([
  ['class numbers', { inputs: image(), outputs: [tensor('y', 'int64', 'N', 640, 640)] }, {}],
  [
    'the name of its output',
    {
      inputs: image(),
      outputs: [floats('seg_logits', 'N', 19, 160, 160)],
      hints: { activation: 'softmax' },
    },
    { activation: 'softmax' },
  ],
  [
    'as many labels as maps',
    {
      inputs: image(),
      outputs: [floats('y', 'N', 19, 160, 160)],
      hints: { ...labels(19), activation: 'sigmoid' },
    },
    { labels: 'labels.txt' },
  ],
  [
    'the architecture in config.json',
    {
      inputs: image(),
      outputs: [floats('logits', 'N', 19, 160, 160)],
      beside: { architecture: 'SegformerForSemanticSegmentation' },
    },
    { activation: 'softmax' },
  ],
])('a segmenter is recognised by %s', (_what, given, config) => {
  const { config: made } = guessed({ ...given, hints: { resize: 'squash', ...given.hints } });
  expect(made).toMatchObject({ task: 'image-segmentation', ...config });
});

it('a segmenter needs the size of its input, how images are resized to it, and its activation', () => {
  const outputs = [floats('seg', 'N', 19, 'h', 'w')];
  expect(() => guessed({ inputs: image('h'), outputs })).toThrow(/takes any size: pass --crop PIXELS/);
  expect(() => guessed({ inputs: image(), outputs })).toThrow(
    /is square, but nothing shows.*--resize squash/,
  );
  expect(() => guessed({ inputs: image(), outputs, hints: { resize: 'squash' } })).toThrow(
    /pass --activation softmax .*The graph|pass --activation softmax/,
  );
});

it.each<[string, Value, Partial<Hints>]>([
  ['image-classification', floats('logits', 'N', 3), { activation: 'softmax' }],
  ['image-embedding', floats('embedding', 'N', 3), {}],
  ['image-segmentation', tensor('y', 'int64', 'N', 640, 640), { resize: 'squash' }],
  ['object-detection', floats('output0', 1, 84, 8400), {}],
])('a graph whose channels are last is described as what it is: %s', (task, output, hints) => {
  const inputs = [floats('images', 'N', 640, 640, 3)];
  const { config, said } = guessed({ inputs, outputs: [output], hints });
  expect(config).toMatchObject({ task });
  expect(said).toMatch(
    new RegExp(`task "${task}": .*\\[batch, height, width, channels\\], with 3 channels or 1`),
  );
});

it('an embedding is recognised by the name of its output, and vectors of tokens require --pooling', () => {
  const outputs = [floats('image_embeds', 'N', 512), floats('last_hidden_state', 'N', 50, 768)];
  expect(guessed({ inputs: image(224), outputs }).config).toMatchObject({
    task: 'image-embedding',
    output: 'image_embeds',
    pooling: 'none',
  });
  const tokens = { inputs: image(224), outputs: outputs.slice(1) };
  expect(() => guessed(tokens)).toThrow(/pass --pooling cls\|mean\|gem/);
  expect(guessed({ ...tokens, hints: { pooling: 'cls' } }).config).toMatchObject({ pooling: 'cls' });
  const both = [floats('pooler_output', 'N', 768), floats('last_hidden_state', 'N', 50, 768)];
  expect(() => guessed({ inputs: image(224), outputs: both })).toThrow(/say which with --output-name/);
  // An output with the name of an embedding holds class scores if there is a label for each number.
  const scores = { inputs: image(224), outputs: [floats('features', 'N', 10)] };
  expect(guessed({ ...scores, hints: labels(10) }).config).toMatchObject({ task: 'image-classification' });
});

it('advises one or two names for one logit, and one name for a map of one class', () => {
  const binary: Given = {
    inputs: image(),
    outputs: [floats('logits', 'N', 1)],
    hints: { activation: 'sigmoid' },
  };
  expect(guessed(binary).said).toContain(
    'labels: none; put one class name into labels.txt, or for a logit the names of both classes, one per line (a high number means the second), and add',
  );
  const both = { ...binary.hints, ...labels(2) };
  expect(guessed({ ...binary, hints: both }).config).toMatchObject({ labels: 'labels.txt' });
  const map: Given = { ...binary, outputs: [floats('mask', 'N', 1, 64, 64)] };
  expect(guessed({ ...map, hints: { ...map.hints, resize: 'squash' } }).said).toContain(
    'put the name of the class into labels.txt, and add',
  );
  const { config, said } = guessed({ ...map, hints: { ...both, resize: 'squash' } });
  expect(config).toMatchObject({ task: 'image-segmentation' });
  expect(config).not.toHaveProperty('labels');
  expect(said).toContain('labels.txt has 2 names, but the output has 1 class\n');
});
