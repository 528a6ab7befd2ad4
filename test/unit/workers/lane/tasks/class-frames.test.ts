// Frames of a sound whose numbers give no scores.
import { expect, it } from 'vitest';
import type { AudioConfig } from '#forebay/shared/tasks/audio.js';
import { createClassAnswerer } from '#forebay/workers/lane/tasks/audio/class-frames.js';
import { checkedConfig } from '../../../../support/onnx/models.ts';

type Activation = 'softmax' | 'sigmoid' | 'none';

/** The answer for frames of two classes each. */
function answer(activation: Activation, over: 'mean' | 'max', ...frames: [number, number][]) {
  const more = { answer: 'predictions', activation, over_frames: over, frame: { length: 4 } };
  const config = checkedConfig({ name: 'm', task: 'audio', sample_rate: 1000, ...more }) as AudioConfig;
  const output = { name: 'logits', type: 'float32', shape: ['N', 2] } as const;
  const answerer = createClassAnswerer(config, [output], { config: 'model.json', read: () => null }, null);
  const row = answerer.open(frames.length, 2, null);
  const logits = {
    type: 'float32',
    dims: [frames.length, 2],
    data: Float32Array.from(frames.flat()),
  } as const;
  for (const at of frames.keys()) row.add({ logits }, at, frames.length);
  return row.finish(4 * frames.length);
}

const FINE: [number, number] = [0, 0];

it.each<[string, Activation, [number, number], string]>([
  ['minus infinity alone', 'softmax', [-Infinity, -Infinity], '-Infinity for every class'],
  ['plus infinity', 'softmax', [0, Infinity], 'Infinity (class 1)'],
  ['plus infinity', 'sigmoid', [Infinity, 0], 'Infinity (class 0)'],
  ['NaN', 'softmax', [-Infinity, NaN], 'NaN (class 1)'],
  ['NaN', 'none', [NaN, 0], 'NaN (class 0)'],
])('a frame of %s makes the row an error that says so, with %s', (_, activation, frame, says) => {
  for (const over of ['mean', 'max'] as const) {
    expect(answer(activation, over, FINE, frame, FINE)).toEqual({
      ok: false,
      error: { code: 'inference_failed', message: `the model returned ${says}` },
    });
  }
});

it('a logit of minus infinity is a probability of 0', () => {
  expect(answer('softmax', 'mean', FINE, [-Infinity, 3])).toMatchObject({
    result: '"predictions":[{"index":1,"score":0.75},{"index":0,"score":0.25}]',
  });
});

it('scores of minus infinity do not count where another frame has a higher one', () => {
  expect(answer('none', 'max', [0.5, -Infinity], [-Infinity, 0.25])).toMatchObject({
    result: '"predictions":[{"index":0,"score":0.5},{"index":1,"score":0.25}]',
  });
});
