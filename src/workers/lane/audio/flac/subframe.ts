/** Decodes a subframe of FLAC: the samples of one channel in a frame (RFC 9639, section 9.2). */
import type { BitReader } from './bit-reader.ts';

/** The frame does not follow the format. The message says how. */
export class BadFrame extends Error {}

/** Coefficients of the fixed predictors, by order. */
const FIXED: readonly (readonly number[])[] = [[], [1], [2, -1], [3, -3, 1], [4, -6, 4, -1]];

/** Fills `to`. `depth`: bits per sample. Throws BadFrame, and OutOfBits if the bytes end too early. */
export function readSubframe(reader: BitReader, to: Float64Array, depth: number): void {
  if (reader.bits(1) !== 0) throw new BadFrame('a subframe has a wrong first bit');
  const type = reader.bits(6);
  const wasted = reader.bits(1) === 0 ? 0 : reader.zeros() + 1;
  const own = depth - wasted;
  if (own < 1) throw new BadFrame('a subframe wastes all bits');
  if (type === 0) to.fill(reader.signed(own));
  else if (type === 1) readPlain(reader, to, 0, to.length, own);
  else if (type >= 8 && type <= 12) readFixed(reader, to, type - 8, own);
  else if (type >= 32) readLinear(reader, to, type - 31, own);
  else throw new BadFrame(`a subframe has the reserved type ${type}`);
  if (wasted === 0) return;
  const unit = 2 ** wasted;
  for (let i = 0; i < to.length; i++) to[i]! *= unit;
}

function readPlain(reader: BitReader, to: Float64Array, from: number, until: number, depth: number): void {
  for (let i = from; i < until; i++) to[i] = reader.signed(depth);
}

function readFixed(reader: BitReader, to: Float64Array, order: number, depth: number): void {
  readWarmUp(reader, to, order, depth);
  readResidual(reader, to, order);
  predict(to, FIXED[order]!, 0);
}

function readLinear(reader: BitReader, to: Float64Array, order: number, depth: number): void {
  readWarmUp(reader, to, order, depth);
  const precision = reader.bits(4) + 1;
  if (precision === 16) throw new BadFrame('a predictor has the reserved precision');
  const shift = reader.signed(5);
  if (shift < 0) throw new BadFrame('a predictor has a negative shift');
  const coefficients = Array.from({ length: order }, () => reader.signed(precision));
  readResidual(reader, to, order);
  predict(to, coefficients, shift);
}

function readWarmUp(reader: BitReader, to: Float64Array, order: number, depth: number): void {
  if (order > to.length) throw new BadFrame('a predictor is longer than its frame');
  readPlain(reader, to, 0, order, depth);
}

/**
 * Adds the prediction to the residual, which is already in `to`. In a valid frame, all sums are below 2^53, so doubles
 * are exact.
 */
function predict(to: Float64Array, coefficients: readonly number[], shift: number): void {
  const order = coefficients.length;
  const unit = 2 ** shift;
  for (let i = order; i < to.length; i++) {
    let sum = 0;
    for (let k = 0; k < order; k++) sum += coefficients[k]! * to[i - 1 - k]!;
    to[i]! += Math.floor(sum / unit);
  }
}

function readResidual(reader: BitReader, to: Float64Array, order: number): void {
  const method = reader.bits(2);
  if (method > 1) throw new BadFrame(`a residual has the reserved method ${method}`);
  const width = method === 0 ? 4 : 5;
  const escape = 2 ** width - 1;
  const partitions = 2 ** reader.bits(4);
  const length = to.length / partitions;
  if (!Number.isInteger(length) || length < order) throw new BadFrame('a residual has too many partitions');
  for (let partition = 0; partition < partitions; partition++) {
    const from = partition === 0 ? order : partition * length;
    const until = (partition + 1) * length;
    const parameter = reader.bits(width);
    if (parameter === escape) readPlain(reader, to, from, until, reader.bits(5));
    else reader.rice(to, from, until, parameter);
  }
}
