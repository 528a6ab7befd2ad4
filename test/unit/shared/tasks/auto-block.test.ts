// The sizes of blocks of images, by the size of the model's input (docs/adr/0013).
import { expect, it } from 'vitest';
import { autoBatchSize, autoBlockRows } from '#forebay/shared/tasks/auto-batch.js';
import type { PipelineConfig } from '#forebay/shared/tasks/pipeline/pipeline-config.js';
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

it('a batch of an ensemble fits the call of its largest model, and its block the time of all models', () => {
  const ensembleOf = (...sides: readonly number[]) => {
    const members = sides.map((side, i) => ({ model: `m${i}`, hash: '', config: imageConfig(side) }));
    const { batching, execution_providers } = imageConfig(224);
    const config = {
      kind: 'pipeline',
      ensemble: { combine: 'all', members: [] },
      batching,
      execution_providers,
    };
    return { ...config, members } as unknown as PipelineConfig;
  };
  expect(autoBatchSize(ensembleOf(224, 224))).toBe(4);
  expect(autoBatchSize(ensembleOf(32, 320))).toBe(2);
  expect(autoBlockRows(4, ensembleOf(224, 224))).toBe(32);
  expect(autoBlockRows(4, ensembleOf(...Array<number>(5).fill(224)))).toBe(16);
});
