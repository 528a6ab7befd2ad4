/** The elements of tensors: from JSON values to typed arrays, and from typed arrays to JSON text. */
import type { Dtype } from '../../../../shared/tasks/tensors/dtypes.ts';
import { halfTable, toHalfBits } from '../../image/normalise/half.ts';
import type { TensorValues } from '../tensors.ts';
import { float32Text } from '../../../../shared/text/float32-text.ts';
import { float64Text } from '../../../../shared/text/float64-text.ts';
import { halfText } from '../number-text.ts';

/** Memory of elements that can be written. */
export type Elements = Exclude<TensorValues, readonly string[]> | string[];

export interface ElementType {
  readonly dtype: Dtype;
  /** What a JSON value must be, in words. */
  readonly takes: string;
  allocate(length: number): Elements;
  /** Writes the items from `at`. Returns the index of the first item that is not of this type, or -1. */
  write(to: Elements, at: number, items: readonly unknown[]): number;
  /** The JSON text of a list of elements, without brackets. */
  list(of: Elements, at: number, length: number): string;
  /** The element as a number, for comparing calls and joining frames. NaN for a string. */
  number(of: Elements, at: number): number;
}

export function elementTypeOf(dtype: Dtype): ElementType {
  return ELEMENT_TYPES[dtype];
}

interface Parts<Value> {
  readonly takes: string;
  readonly allocate: (length: number) => Elements;
  /** Undefined for a JSON value of another type. */
  readonly convert: (json: unknown) => Value | undefined;
  readonly text: (value: Value) => string;
  readonly number: (value: Value) => number;
}

function elementType<Value>(dtype: Dtype, parts: Parts<Value>): ElementType {
  const { takes, allocate, convert, text, number } = parts;
  return {
    dtype,
    takes,
    allocate,
    write(to, at, items) {
      const target = to as unknown as Value[];
      for (let i = 0; i < items.length; i++) {
        const value = convert(items[i]);
        if (value === undefined) return i;
        target[at + i] = value;
      }
      return -1;
    },
    list(of, at, length) {
      if (length === 0) return '';
      const source = of as unknown as Value[];
      let list = text(source[at]!);
      for (let i = at + 1; i < at + length; i++) list += `,${text(source[i]!)}`;
      return list;
    },
    number: (of, at) => number((of as unknown as Value[])[at]!),
  };
}

/** JSON has no NaN and no infinities, so they are strings. */
const NOT_FINITE: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);

/** `most`: the smallest number that would round to infinity. */
function float(json: unknown, most: number): number | undefined {
  return typeof json === 'number' && json < most && json > -most ? json : NOT_FINITE.get(json);
}

const numbersTo = (most: string) => `numbers of at most ${most}, "NaN", "Infinity" and "-Infinity"`;
const same = (value: number) => value;

function whole(dtype: Dtype, allocate: Parts<number>['allocate'], least: number, most: number): ElementType {
  return elementType<number>(dtype, {
    takes: `whole numbers from ${least} to ${most}`,
    allocate,
    convert: (json) =>
      typeof json === 'number' && json >= least && json <= most && Number.isInteger(json) ? json : undefined,
    text: String,
    number: same,
  });
}

function big(dtype: Dtype, allocate: Parts<bigint>['allocate'], least: bigint, most: bigint): ElementType {
  const takes = `whole numbers from ${least} to ${most}, those beyond 2^53 - 1 as strings`;
  return elementType<bigint>(dtype, {
    takes,
    allocate,
    convert(json) {
      const isWhole = typeof json === 'string' ? /^-?\d{1,20}$/.test(json) : Number.isSafeInteger(json);
      if (!isWhole) return undefined;
      const value = BigInt(json as string | number);
      return value >= least && value <= most ? value : undefined;
    },
    text: (value) => (value > MOST_EXACT || value < -MOST_EXACT ? `"${value}"` : String(value)),
    number: Number,
  });
}

const MOST_EXACT = BigInt(Number.MAX_SAFE_INTEGER);

const ELEMENT_TYPES: Readonly<Record<Dtype, ElementType>> = {
  float32: elementType<number>('float32', {
    takes: numbersTo('3.4e38'),
    allocate: (length) => new Float32Array(length),
    convert: (json) => float(json, 2 ** 128 - 2 ** 103),
    text: float32Text,
    number: same,
  }),
  float64: elementType<number>('float64', {
    takes: numbersTo('1.8e308'),
    allocate: (length) => new Float64Array(length),
    convert: (json) => float(json, Infinity),
    text: float64Text,
    number: same,
  }),
  float16: elementType<number>('float16', {
    takes: numbersTo('65504'),
    allocate: (length) => new Uint16Array(length),
    convert(json) {
      const value = float(json, 65_520);
      return value === undefined ? undefined : toHalfBits(value);
    },
    text: halfText,
    number: (bits) => halfTable()[bits]!,
  }),
  int8: whole('int8', (length) => new Int8Array(length), -128, 127),
  int16: whole('int16', (length) => new Int16Array(length), -32_768, 32_767),
  int32: whole('int32', (length) => new Int32Array(length), -(2 ** 31), 2 ** 31 - 1),
  int64: big('int64', (length) => new BigInt64Array(length), -(2n ** 63n), 2n ** 63n - 1n),
  uint8: whole('uint8', (length) => new Uint8Array(length), 0, 255),
  uint16: whole('uint16', (length) => new Uint16Array(length), 0, 65_535),
  uint32: whole('uint32', (length) => new Uint32Array(length), 0, 2 ** 32 - 1),
  uint64: big('uint64', (length) => new BigUint64Array(length), 0n, 2n ** 64n - 1n),
  bool: elementType<number>('bool', {
    takes: 'true, false, 1 and 0',
    allocate: (length) => new Uint8Array(length),
    convert: (json) => (typeof json === 'boolean' || json === 0 || json === 1 ? Number(json) : undefined),
    text: (value) => (value === 0 ? 'false' : 'true'),
    number: same,
  }),
  string: elementType<string>('string', {
    takes: 'strings without U+0000, because onnxruntime-node cuts a string off there',
    allocate: (length) => Array<string>(length).fill(''),
    convert: (json) => (typeof json === 'string' && !json.includes('\0') ? json : undefined),
    text: (value) => JSON.stringify(value),
    number: () => Number.NaN,
  }),
};
