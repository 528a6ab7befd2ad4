// Detectors with inputs beside the image: a mask of its pixels, and the size of the input.
import { expect, it } from 'vitest';
import { loadedLane } from '../../support/lanes.ts';
import type { ElementType } from '../../support/onnx/graph.ts';
import { floatOutput, imageModel, picture, type ImageGraph } from '../../support/onnx/image-graph.ts';
import { floats, ints, step } from '../../support/onnx/mean-model.ts';

const SIDE = 64;
const FLOAT = 1;

/** The graph returns one box of the given size. The score is the share of the mask that is set. */
function sizedModel(type: ElementType): ImageGraph {
  return {
    shape: ['N', 3, SIDE, SIDE],
    beside: [
      { name: 'pixel_mask', type, shape: ['N', 8, 8] },
      { name: 'orig_size', type, shape: ['N', 2] },
    ],
    outputs: [floatOutput('detections', 'N', 1, 6)],
    operators: [
      step('Cast', ['pixel_mask'], 'mask', { to: FLOAT }),
      step('ReduceMean', ['mask'], 'share', { axes: [1, 2], keepdims: 1 }),
      step('ReduceMean', ['image'], 'mean', { axes: [1, 2, 3], keepdims: 0 }),
      step('Reshape', ['mean', 'rows'], 'column'),
      step('Mul', ['column', 'zero'], 'none'),
      step('Add', ['share', 'none'], 'score'),
      step('Cast', ['orig_size'], 'numbers', { to: FLOAT }),
      step('Reshape', ['numbers', 'pairs'], 'corner'),
      step('Mul', ['corner', 'zero'], 'origin'),
      step('Concat', ['origin', 'corner', 'score', 'none'], 'detections', { axis: 2 }),
    ],
    weights: [floats('zero', [], [0]), ints('rows', [-1, 1, 1]), ints('pairs', [-1, 1, 2])],
  };
}

const config = {
  task: 'object-detection',
  head: 'nms',
  preprocess: { resize: 'letterbox', crop: SIDE },
  inputs: { mask: 'pixel_mask', size: 'orig_size' },
};

it.each(['int64', 'int32', 'float32'] as const)(
  'a mask and a size of type %s tell the model where the image lies in the input',
  async (type) => {
    const lane = await loadedLane(imageModel(sizedModel(type), config));
    const rows = [
      { bytes: await picture(40, 20, () => [1, 2, 3]) },
      { bytes: await picture(30, 30, () => [1, 2, 3]) },
      { bytes: await picture(8, 32, () => [1, 2, 3]) },
    ];
    const { outcomes } = await lane.run({ model: 'm', rows, options: { threshold: 0.1 } });
    expect(outcomes.map((outcome) => outcome.ok && outcome.result)).toEqual([
      '"detections":[{"index":0,"score":0.5,"box":[0,0,40,20]}]',
      '"detections":[{"index":0,"score":1,"box":[0,0,30,30]}]',
      '"detections":[{"index":0,"score":0.25,"box":[0,0,8,32]}]',
    ]);
  },
);

it.each<[string, ImageGraph, object, RegExp]>([
  [
    'inputs that the config does not name',
    sizedModel('int64'),
    { inputs: undefined },
    /"pixel_mask".*"inputs": \{"mask"/,
  ],
  [
    'one input that the config does not name',
    sizedModel('int64'),
    { inputs: { size: 'orig_size' } },
    /one input, but the graph has .*"pixel_mask"/,
  ],
  [
    'a wrong input name',
    sizedModel('int64'),
    { inputs: { mask: 'pixel_masks' } },
    /did you mean "pixel_mask"/,
  ],
  [
    'a mask of another shape',
    sizedModel('int64'),
    { inputs: { mask: 'orig_size' } },
    /inputs\.mask is a tensor \[batch, height, width\]/,
  ],
  ['a mask of another type', sizedModel('uint8'), config, /of float32, int64, int32, bool, but .* uint8/],
])('a lane does not load a model with %s', async (_, graph, more, says) => {
  await expect(loadedLane(imageModel(graph, { ...config, ...more }))).rejects.toMatchObject({
    code: 'config_mismatch',
    message: expect.stringMatching(says) as string,
  });
});
