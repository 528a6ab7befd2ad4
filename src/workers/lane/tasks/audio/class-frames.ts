/** Class scores of a row: the mean or the maximum of the scores of its frames. */
import type { AudioConfig } from '../../../../shared/tasks/audio.ts';
import { activationOf, type Activation } from '../../../../shared/tasks/classes/activation.ts';
import type { GraphTensor } from '../../../../shared/models/graph-tensor.ts';
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
  const scoresOf = SCORES[activationOf(config)];
  // The numbers of a row are already scores.
  const classifier = createClassifier({ labels: names, activation: 'none' });

  const numbersOf = oncePerCall((all, batch) => bound.numbers(all, batch));

  return {
    outputs: [bound.output],
    notes: [],
    numbers: (all, rows) => bound.numbers(all, rows),
    check: (all) => bound.check(all),
    open(topK, threshold) {
      let together: Float64Array | null = null;
      let frames = 0;
      return {
        add(all, at, batch) {
          const scores = scoresOf(numbersOf(all, batch)[at]!);
          together ??= new Float64Array(scores.length).fill(over === 'mean' ? 0 : -Infinity);
          for (let i = 0; i < scores.length; i++) {
            const score = scores[i]!;
            together[i] = over === 'mean' ? together[i]! + score : Math.max(together[i]!, score);
          }
          frames += 1;
        },
        finish() {
          const scores = over === 'mean' ? together!.map((sum) => sum / frames) : together!;
          const isBinary = scores.length === 1 && names?.length === 2;
          const all = isBinary ? [1 - scores[0]!, scores[0]!] : scores;
          return classifier.answer(Float32Array.from(all), topK, threshold);
        },
      };
    },
  };
}

const SCORES: Readonly<Record<Activation, (numbers: Float32Array) => Float64Array>> = {
  none: (numbers) => Float64Array.from(numbers),
  sigmoid: (numbers) => Float64Array.from(numbers, (number) => 1 / (1 + Math.exp(-number))),
  softmax(numbers) {
    const most = numbers.reduce((max, number) => Math.max(max, number), -Infinity);
    const powers = Float64Array.from(numbers, (number) => Math.exp(number - most));
    const sum = powers.reduce((total, power) => total + power, 0);
    return powers.map((power) => power / sum);
  },
};
