/** The element types of the Open Inference Protocol. Binary elements are little-endian, as in this machine's memory. */
import { elementBytes, type Dtype } from '../../../shared/tasks/tensors/dtypes.ts';

export const DATATYPES = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
] as const;
export type Datatype = (typeof DATATYPES)[number];

const OF_DTYPE: Readonly<Record<Dtype, Datatype>> = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES',
};

const DTYPES = Object.fromEntries(
  Object.entries(OF_DTYPE).map(([dtype, datatype]) => [datatype, dtype]),
) as Record<Datatype, Dtype>;

/** `type`: of a graph. Null: the protocol has no such type. */
export function datatypeOf(type: string): Datatype | null {
  return OF_DTYPE[type as Dtype] ?? null;
}

export function bytesOfElement(datatype: Datatype): number {
  return elementBytes(DTYPES[datatype]);
}

/** An element of FP16 is kept as its bits. */
const ARRAYS = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
} as const;

export type Numbers = InstanceType<(typeof ARRAYS)[keyof typeof ARRAYS]>;

/** The elements of a tensor in row-major order. */
export type Elements = Numbers | readonly Buffer[];

/** `bytes`: a whole number of elements. */
export function numbersIn(datatype: Exclude<Datatype, 'BYTES'>, bytes: Uint8Array): Numbers {
  // A copy, because typed arrays must be aligned.
  return new ARRAYS[datatype](Uint8Array.from(bytes).buffer);
}

/** The elements of JSON data, or the index of the first one that does not have this type. */
export function elementsOf(datatype: Datatype, data: readonly unknown[]): Elements | number {
  if (datatype === 'BYTES') {
    const wrong = data.findIndex((value) => typeof value !== 'string');
    return wrong < 0 ? data.map((value) => Buffer.from(value as string)) : wrong;
  }
  const numbers = new ARRAYS[datatype](data.length);
  for (const [at, value] of data.entries()) if (!write(datatype, numbers, at, value)) return at;
  return numbers;
}

/** Returns whether the value has the type. */
function write(datatype: Datatype, to: Numbers, at: number, value: unknown): boolean {
  if (datatype === 'FP16') return false;
  if (datatype === 'BOOL') {
    to[at] = Number(value);
    return typeof value === 'boolean' || value === 0 || value === 1;
  }
  if (to instanceof BigInt64Array || to instanceof BigUint64Array) {
    if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) return false;
    const whole = BigInt(value as bigint | number);
    to[at] = whole;
    return to[at] === whole;
  }
  if (typeof value !== 'number') return false;
  to[at] = value;
  // Typed arrays of integers change a value that does not fit.
  return datatype.startsWith('FP') || to[at] === value;
}

/**
 * Splits a list of BYTES, in which the length of each element precedes it. Null: the lengths do not fit. Stops after one
 * element more than `most`.
 */
export function splitBytes(packed: Buffer, most: number): Buffer[] | null {
  const found: Buffer[] = [];
  let at = 0;
  while (at < packed.length && found.length <= most) {
    const end = at + 4 > packed.length ? Infinity : at + 4 + packed.readUInt32LE(at);
    if (end > packed.length) return null;
    found.push(packed.subarray(at + 4, end));
    at = end;
  }
  return found;
}

export function packed(elements: Elements): Buffer {
  if (!isBytes(elements)) return Buffer.from(elements.buffer, elements.byteOffset, elements.byteLength);
  return Buffer.concat(
    elements.flatMap((element) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(element.length);
      return [length, element];
    }),
  );
}

export function isBytes(elements: Elements): elements is readonly Buffer[] {
  return Array.isArray(elements);
}
