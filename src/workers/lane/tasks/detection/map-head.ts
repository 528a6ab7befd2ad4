/**
 * The head of text detectors such as DBNet: a map of probabilities, and a box around each connected area. Such a map
 * holds only the middle of a text, so that lines stay apart. So each box is grown on all sides, by `grow` times its
 * area over its circumference.
 */
import { describeTensor, isFloat, rankOf, type GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import { floatRows } from '../rows-of-output.ts';
import { findAreas } from './areas.ts';
import { checkLabels, needOutput } from './box-outputs.ts';
import { NAN_SCORE, type DetectionHead, type HeadParts } from './head.ts';
import { mismatch } from '../../../../shared/models/mismatch.ts';

const MAP_THRESHOLD = 0.3;
const GROW = 1.5;

/** Throws ForebayError `config_mismatch`. */
export function bindMapHead({ config, outputs, labels, input, fixedBatch }: HeadParts): DetectionHead {
  const { map_threshold = MAP_THRESHOLD, grow = GROW } = config;
  const output = needOutput(config, outputs, {
    role: 'predictions',
    fits: (one) => isFloat(one) && rankOf(one) === 4,
    usual: /map|prob/i,
    what: 'head "map" reads probabilities from an output of floats [batch, classes, height, width]',
  });

  function check(dims: readonly number[]): void {
    const tensor: GraphTensor = { ...output, shape: dims };
    const classes = dims[1]!;
    if (classes > MOST_CLASSES) {
      throw mismatch(
        `head "map" reads at most ${MOST_CLASSES} classes`,
        `the graph's output is ${describeTensor(tensor)}`,
        'use the task "image-segmentation" for a map of many classes',
      );
    }
    checkLabels(labels, classes, tensor);
  }

  if (output.shape.slice(1).every((dim) => typeof dim === 'number')) check(output.shape as number[]);

  return {
    outputs: [output],
    open(all, rows) {
      const numbers = floatRows(all[output.name]!, rows, fixedBatch ?? rows, 4);
      const [, classes, height, width] = all[output.name]!.dims as [number, number, number, number];
      const [scaleX, scaleY] = [input.width / width, input.height / height];
      return {
        collect(row, threshold, into) {
          for (let label = 0; label < classes; label++) {
            const cells = numbers[row]!.subarray(label * width * height, (label + 1) * width * height);
            if (cells.includes(Number.NaN)) into.reject(NAN_SCORE);
            for (const { left, top, right, bottom, mean } of findAreas(
              cells,
              { width, height },
              map_threshold,
            )) {
              if (mean < threshold) continue;
              const [across, down] = [right - left, bottom - top];
              const by = (grow * across * down) / (2 * (across + down));
              into.add(
                (left - by) * scaleX,
                (top - by) * scaleY,
                (right + by) * scaleX,
                (bottom + by) * scaleY,
                mean,
                label,
              );
            }
          }
        },
        numbers: (row) => numbers[row]!,
      };
    },
    check: (all) => check(all[output.name]!.dims),
  };
}

/** More classes are a sign of another layout, or of a semantic map. */
const MOST_CLASSES = 64;
