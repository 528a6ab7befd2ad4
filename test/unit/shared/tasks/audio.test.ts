import { expect, it } from 'vitest';
import { readModelConfig } from '#forebay/shared/models/read-model-config.js';
import { AUDIO } from '#forebay/shared/tasks/audio.js';
import { autoBatchSize } from '#forebay/shared/tasks/auto-batch.js';
import { configOf } from '#forebay/shared/tasks/model-config-schema.js';
import { checkedConfig } from '../../../support/onnx/models.ts';

const audio = (more: object) =>
  configOf(AUDIO, checkedConfig({ name: 'm', task: 'audio', sample_rate: 16_000, ...more }));

it('the batch size follows from the usual length of a row', () => {
  expect(AUDIO.inputBytes(audio({}))).toBe(16_000 * 10 * 4);
  expect(autoBatchSize(audio({}))).toBe(4);
  expect(autoBatchSize(audio({ row_seconds: 600 }))).toBe(1);
  expect(autoBatchSize(audio({ row_seconds: 0.5 }))).toBe(128);
});

it('a plan says what happens to a row, with or without a config', () => {
  const options = { top_k: 5, threshold: null };
  const steps = (more: object) => AUDIO.steps(audio(more), options);
  expect(AUDIO.steps(null, options).answer).toBe('outputs of the graph, or top 5 of a classifier');
  expect(steps({ frame: { length: 576, context: 64 } })).toEqual({
    prepare: [
      { operator: 'decode', does: 'WAV, FLAC or samples to one channel' },
      { operator: 'resample', does: 'to 16000 Hz' },
      { operator: 'frame', does: '576 samples, 64 of them from before, every 512' },
    ],
    answer: 'all outputs of the graph, per frame',
  });
  expect(steps({ outputs: { y: { join: 'concat' }, z: {} } }).answer).toBe('y by concat, z by stack');
  expect(steps({ answer: 'predictions', over_frames: 'max' }).answer).toBe('max over frames, top 5');
});

it('a field without effect and an unknown field are refused', () => {
  const read = (more: object) => readModelConfig({ name: 'm', task: 'audio', sample_rate: 1000, ...more });
  expect(read({ answer: 'predictions', outputs: { y: {} } })).toMatchObject({
    ok: false,
    issues: [{ path: '/outputs' }],
  });
  expect(read({ top_k: 3 })).toMatchObject({ ok: false, issues: [{ path: '/top_k' }] });
  expect(read({ frames: { length: 4 } })).toMatchObject({
    ok: false,
    issues: [{ path: '/frames', message: 'unknown field; did you mean "frame"?' }],
  });
});
