// The sizes of blocks of images, by the size of the model's input (docs/adr/0013).
import { expect, it } from 'vitest';
import { autoBatchSize, autoBlockRows } from '#forebay/shared/tasks/auto-batch.js';
import { checkedConfig } from '../../../support/onnx/models.ts';

function imageConfig(side: number) {
  return checkedConfig({
    name: 'a',
    task: 'image-classification',
    preprocess: { resize: side, crop: side, interpolation: 'bilinear' },
    softmax: true,
  });
}

it.each([
  ['digits', 64, 128, 2_048],
  ['photos', 224, 4, 32],
  ['photos that fill half a call', 320, 2, 32],
  ['photos that fill a call alone', 640, 1, 16],
])('blocks of %s of %i x %i pixels', (_, side, batch, block) => {
  const config = imageConfig(side);
  expect(autoBatchSize(config)).toBe(batch);
  expect(autoBlockRows(batch, config)).toBe(block);
});

it('a large batch has blocks of four batches', () => {
  expect(autoBlockRows(64, imageConfig(224))).toBe(256);
});
