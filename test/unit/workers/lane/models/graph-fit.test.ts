import { expect, it } from 'vitest';
import { MODEL_CONFIG } from '#forebay/shared/domain/model/model-config.js';
import type { GraphTensor } from '#forebay/shared/models/graph-tensor.js';
import { fitGraph } from '#forebay/workers/lane/models/graph-fit.js';

const config = MODEL_CONFIG.parse({ name: 'm', task: 'image-classification', preprocess: { crop: 224 } });
const image = (shape: (number | string)[], type = 'float32'): GraphTensor => ({ name: 'x', type, shape });
const scores = (...shape: (number | string)[]): GraphTensor => ({ name: 'y', type: 'float32', shape });
const fit = (input: GraphTensor, output = scores('N', 10), labels: string[] | null = null) =>
  fitGraph(config, labels, [input], [output]);

it('reads layout, number type and batch from the graph', () => {
  expect(fit(image(['N', 3, 224, 224]))).toMatchObject({ layout: 'nchw', fixedBatch: null });
  expect(fit(image([8, 224, 224, 3], 'float16'))).toMatchObject({
    layout: 'nhwc',
    fixedBatch: 8,
    inputType: 'float16',
  });
  expect(fit(image(['', '', '', '']))).toMatchObject({ layout: 'nchw', fixedBatch: null });
});

it('takes the output that can be class scores', () => {
  const outputs = [{ name: 'label', type: 'int64', shape: ['N'] }, scores('N', 10, 1, 1)];
  expect(fitGraph(config, null, [image(['N', 3, 224, 224])], outputs).output.name).toBe('y');
});

it('finds the channels by their name if the graph gives no number', () => {
  expect(fit(image(['N', 'num_channels', 'height', 'width']))).toMatchObject({ layout: 'nchw' });
  expect(fit(image(['N', 'height', 'width', 'num_channels']))).toMatchObject({ layout: 'nhwc' });
});

it.each([
  ['only square images are supported so far', () => fit(image(['N', 3, 224, 320]))],
  ['preprocess.crop is 224, but', () => fit(image(['N', 3, 192, 192]))],
  ['images have 3 channels, but', () => fit(image(['N', 1, 224, 224]))],
  ['an image tensor has 4 dimensions, but', () => fit(image(['N', 2048]))],
  ['an image tensor is float32, float16, uint8, but', () => fit(image(['N', 3, 224, 224], 'string'))],
  ['takes raw pixels: set rescale 1', () => fit(image(['N', 3, 224, 224], 'uint8'))],
  ['needs an output [batch, classes]', () => fit(image(['N', 3, 224, 224]), scores('N', 10, 7, 7))],
  ['the labels file has 1 names, but', () => fit(image(['N', 3, 224, 224]), undefined, ['a'])],
  ['an image model has one input, but', () => fitGraph(config, null, [], [scores('N', 10)])],
])('refuses a misfit with "%s ..." and names both sides', (message, attempt) => {
  expect(attempt).toThrow(message);
});
