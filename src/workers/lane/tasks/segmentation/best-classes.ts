/** The best class of each cell of a map, and how likely it is. The buffers are reused from row to row. */
import type { ClassMap } from './class-map.ts';

export interface BestClasses {
  readonly labels: Int32Array;
  /** The number of the best class. */
  readonly numbers: Float32Array;
  /** For softmax: the sum of e^(number - best number) over all classes. */
  readonly sums: Float32Array;
}

/** Numbers this far below the best one are less than a millionth of its probability. */
const NEGLIGIBLE = 15;

/** Returns null if a number is NaN. */
export function createBestClasses(): (map: ClassMap, withSums: boolean) => BestClasses | null {
  let buffers: BestClasses | null = null;

  return (map, withSums) => {
    const cells = map.width * map.height;
    if (buffers?.labels.length !== cells) {
      buffers = {
        labels: new Int32Array(cells),
        numbers: new Float32Array(cells),
        sums: new Float32Array(cells),
      };
    }
    if (!findBest(map, buffers)) return null;
    if (withSums) addUp(map, buffers);
    return buffers;
  };
}

/** Returns false if a number is NaN. */
function findBest(map: ClassMap, { labels, numbers }: BestClasses): boolean {
  const { classes, numbers: values, classStep, cellStep } = map;
  labels.fill(0);
  numbers.fill(-Infinity);
  let isGood = true;
  for (let label = 0; label < classes; label++) {
    for (let cell = 0, at = label * classStep; cell < numbers.length; cell++, at += cellStep) {
      const value = values[at]!;
      if (value > numbers[cell]!) {
        numbers[cell] = value;
        labels[cell] = label;
      } else if (Number.isNaN(value)) isGood = false;
    }
  }
  return isGood;
}

function addUp(map: ClassMap, { numbers, sums }: BestClasses): void {
  const { classes, numbers: values, classStep, cellStep } = map;
  sums.fill(0);
  for (let label = 0; label < classes; label++) {
    for (let cell = 0, at = label * classStep; cell < numbers.length; cell++, at += cellStep) {
      const below = values[at]! - numbers[cell]!;
      if (below > -NEGLIGIBLE) sums[cell]! += Math.exp(below);
    }
  }
}
