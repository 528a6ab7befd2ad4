import { expect, it } from 'vitest';
import type { GraphTensor } from '#forebay/shared/models/graph-tensor.js';
import { PREPROCESS } from '#forebay/shared/tasks/image/preprocess.js';
import { fitImageInput } from '#forebay/workers/lane/image/fit-image-input.js';

const image = (shape: (number | string)[], type = 'float32'): GraphTensor => ({ name: 'x', type, shape });
const fit = (input: GraphTensor, more: object = {}) =>
  fitImageInput(PREPROCESS.parse({ crop: 224, ...more }), [input]);

it('reads layout, number type and batch from the graph', () => {
  expect(fit(image(['N', 3, 224, 224]))).toMatchObject({ layout: 'nchw', fixedBatch: null });
  expect(fit(image([8, 224, 224, 3], 'float16'))).toMatchObject({
    layout: 'nhwc',
    fixedBatch: 8,
    inputType: 'float16',
  });
  expect(fit(image(['', '', '', '']))).toMatchObject({ layout: 'nchw', fixedBatch: null });
});

it('finds the channels by their name if the graph gives no number', () => {
  expect(fit(image(['N', 'num_channels', 'height', 'width']))).toMatchObject({ layout: 'nchw' });
  expect(fit(image(['N', 'height', 'width', 'num_channels']))).toMatchObject({ layout: 'nhwc' });
});

it('accepts sizes that are not square, and one channel in either layout', () => {
  const oblong = { crop: { width: 320, height: 224 } };
  expect(fit(image(['N', 3, 224, 320]), oblong)).toMatchObject({ layout: 'nchw' });
  expect(fit(image(['N', 224, 320, 3]), oblong)).toMatchObject({ layout: 'nhwc' });
  expect(fit(image(['N', 1, 224, 224]), { channels: 1 })).toMatchObject({ layout: 'nchw' });
  expect(fit(image(['N', 224, 224, 1]), { channels: 1 })).toMatchObject({ layout: 'nhwc' });
});

it.each([
  [
    'preprocess.crop is 224, but the graph\'s input is "x" float32[N,3,224,320]: set it to {"width":320,"height":224}',
    () => fit(image(['N', 3, 224, 320])),
  ],
  [
    'preprocess.crop is 224, but the graph\'s input is "x" float32[N,3,192,192]: set it to 192',
    () => fit(image(['N', 3, 192, 192])),
  ],
  [
    'the graph\'s input is "x" float32[N,1,224,224]: set preprocess.channels to 1',
    () => fit(image(['N', 1, 224, 224])),
  ],
  ['images have 3 channels, but', () => fit(image(['N', 4, 224, 224]))],
  ['images have 1 channel, but', () => fit(image(['N', 224, 224, 3]), { channels: 1 })],
  [
    'preprocess.crop is 320 x 224 (width x height), but',
    () => fit(image(['N', 3, 320, 224]), { crop: { width: 320, height: 224 } }),
  ],
  ['an image tensor has 4 dimensions, but', () => fit(image(['N', 2048]))],
  ['an image tensor is float32, float16, uint8, but', () => fit(image(['N', 3, 224, 224], 'string'))],
  ['takes raw pixels: set rescale 1', () => fit(image(['N', 3, 224, 224], 'uint8'))],
  ['an image model has one input, but', () => fitImageInput(PREPROCESS.parse({ crop: 224 }), [])],
])('refuses a misfit with "%s ..." and names both sides and the change', (message, attempt) => {
  expect(attempt).toThrow(message);
});
