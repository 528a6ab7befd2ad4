/** Made-up values for probing a model. They are always the same, and their ranges of values differ widely. Pure. */
import type { Dtype } from '../../../../shared/tasks/tensors/dtypes.ts';
import type { Fields } from '../record.ts';
import type { TensorInput } from './bind-inputs.ts';
import { elementsIn } from './shape.ts';

/** The values of one row, by the index of the element. */
interface Pattern {
  readonly float: (i: number) => number;
  /** Small, because whole numbers are often indices: of a token, a class or an axis. */
  readonly whole: (i: number) => number;
  /** For uint8, which mostly holds bytes or pixels. */
  readonly byte: (i: number) => number;
  readonly text: string;
}

const PLAINEST: Pattern = { float: () => 0, whole: () => 0, byte: () => 0, text: '' };

/** A faint pattern, noise, waves, and zeros. Like those of probe-images.ts. */
const PATTERNS: readonly Pattern[] = [
  {
    float: (i) => 0.46 + (i % 2) * 0.02,
    whole: (i) => i % 2,
    byte: (i) => 118 + (i % 2) * 6,
    text: 'a',
  },
  {
    float: (i) => noise(i) * 2 - 1,
    whole: (i) => Math.round(noise(i)),
    byte: (i) => Math.floor(noise(i) * 256),
    text: 'made-up text',
  },
  {
    float: (i) => 3 * Math.sin(i / 9),
    whole: () => 1,
    byte: (i) => Math.round(127.5 + 100 * Math.sin(i / 9)),
    text: 'x',
  },
  PLAINEST,
];

/** The fields of four rows, the plainest one last. */
export function probeFields(inputs: readonly TensorInput[]): readonly Fields[] {
  const given = inputs.filter(({ constant }) => constant === null);
  return PATTERNS.map((pattern) =>
    Object.fromEntries(given.map((input) => [input.name, probeValue(input, pattern)])),
  );
}

/** An input without a batch axis has one value for all rows of a call. */
function probeValue({ type, shape, batchAxis, declared }: TensorInput, pattern: Pattern): unknown {
  if (declared.example !== undefined) return declared.example;
  const sizes = declared.example_shape ?? shape.map((dim) => (typeof dim === 'number' ? dim : 1));
  const value = valuesOf(type.dtype, batchAxis === null ? PLAINEST : pattern);
  return nested(sizes, 0, 0, value);
}

function valuesOf(dtype: Dtype, { float, whole, byte, text }: Pattern): (i: number) => unknown {
  if (dtype === 'string') return () => text;
  if (dtype === 'uint8') return byte;
  return dtype.startsWith('float') ? float : whole;
}

function nested(
  sizes: readonly number[],
  axis: number,
  from: number,
  value: (i: number) => unknown,
): unknown {
  if (axis === sizes.length) return value(from);
  const inner = elementsIn(sizes.slice(axis + 1));
  return Array.from({ length: sizes[axis]! }, (_, i) => nested(sizes, axis + 1, from + i * inner, value));
}

/** A number from 0 to 1 that looks random: the number hashed by multiplication, as Knuth describes. */
function noise(i: number): number {
  return (Math.imul(i + 1, 2_654_435_761) >>> 0) / 2 ** 32;
}
