/** IEEE 754 half precision. Neither Node 20 nor onnxruntime's binding has a usable array for it. */

/** The bits of the half that is nearest to `value`. Ties go to even. */
export function toHalfBits(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= MAX_ROUNDED) return sign | 0x7c00;
  if (size < MIN_NORMAL) return sign | roundHalfToEven(size / SUBNORMAL_STEP);
  let exponent = Math.floor(Math.log2(size));
  if (2 ** exponent > size) exponent -= 1;
  // A mantissa that rounds up to 2048 carries into the exponent by itself.
  return sign | (((exponent + 15) << 10) + roundHalfToEven(size / 2 ** (exponent - 10)) - 1024);
}

/** The value of each half, by its bits. Takes 256 KB and is made on first use. */
export function halfTable(): Float32Array {
  table ??= Float32Array.from({ length: 65_536 }, (_, bits) => fromHalfBits(bits));
  return table;
}
let table: Float32Array | undefined;

const MIN_NORMAL = 2 ** -14;
const SUBNORMAL_STEP = 2 ** -24;
/** Values from here on round to infinity. The largest half is 65504. */
const MAX_ROUNDED = 65_520;

function fromHalfBits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : Number.NaN;
  if (exponent === 0) return sign * mantissa * SUBNORMAL_STEP;
  return sign * (1024 + mantissa) * 2 ** (exponent - 25);
}

function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest === 0.5) return floor % 2 === 0 ? floor : floor + 1;
  return rest < 0.5 ? floor : floor + 1;
}
