/** Class scores of a row: the mean or the maximum of the scores of its frames. */
import type { AudioConfig } from '../../../../shared/tasks/audio.ts';
import { activationOf } from '../../../../shared/tasks/classes/activation.ts';
import type { GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import { problemOf, scorer } from '../activate.ts';
import { bindClassOutput } from '../class-output.ts';
import { createClassifier } from '../classification.ts';
import { readLabels } from '../read-labels.ts';
import type { ModelFiles } from '../task.ts';
import type { FrameAnswerer } from './answer-frames.ts';
import { oncePerCall } from './once-per-call.ts';

/** Throws ForebayError `config_mismatch`, and `model_load_failed` if the labels cannot be read. */
export function createClassAnswerer(
  config: AudioConfig,
  outputs: readonly GraphTensor[],
  files: ModelFiles,
  fixedBatch: number | null,
): FrameAnswerer {
  const { over_frames: over } = config;
  const bound = bindClassOutput(config, outputs, files, fixedBatch);
  const names = readLabels(files);
  const activation = activationOf(config);
  // The numbers of a row are already scores.
  const classifier = createClassifier({ labels: names, activation: 'none' });

  const numbersOf = oncePerCall((all, batch) => bound.numbers(all, batch));

  return {
    outputs: [bound.output],
    notes: [],
    numbers: (all, rows) => bound.numbers(all, rows),
    check: (all) => bound.check(all),
    open(_frames, topK, threshold) {
      let together: Float64Array | null = null;
      let frames = 0;
      let problem: string | null = null;
      return {
        add(all, at, batch) {
          const numbers = numbersOf(all, batch)[at]!;
          // Scores that need no activation are checked once they are together.
          if (activation !== 'none') problem ??= problemOf(numbers, activation);
          const scoreOf = scorer(numbers, activation);
          together ??= new Float64Array(numbers.length).fill(over === 'mean' ? 0 : -Infinity);
          for (let i = 0; i < numbers.length; i++) {
            const score = scoreOf(i);
            together[i] = over === 'mean' ? together[i]! + score : Math.max(together[i]!, score);
          }
          frames += 1;
        },
        finish() {
          if (problem !== null) return { ok: false, error: { code: 'inference_failed', message: problem } };
          const scores = over === 'mean' ? together!.map((sum) => sum / frames) : together!;
          const isBinary = scores.length === 1 && names?.length === 2;
          const all = isBinary ? [1 - scores[0]!, scores[0]!] : scores;
          return classifier.answer(Float32Array.from(all), topK, threshold);
        },
      };
    },
  };
}
