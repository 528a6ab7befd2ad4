/**
 * Changes the sample rate by a sinc filter with a Kaiser window. For output n, at position p = n * from / to of the input:
 *
 *   y[n] = sum over i of x[i] * h((i - p) * c) / (sum of all h),   h(t) = sinc(t) * kaiser(t / 32),   |t| <= 32
 *
 * c = 0.92 * min(1, to / from), and kaiser(r) = I0(7.857 * sqrt(1 - r^2)) / I0(7.857). Up to 0.84 of half the lower rate, the
 * gain is 1 within 0.01 dB. From half the lower rate on, frequencies are damped by 75 dB or more. Outside the waveform, x is 0.
 * Pure.
 */
import { ForebayError } from '../../../shared/errors.ts';

const ZERO_CROSSINGS = 32;
const ROLLOFF = 0.92;
const BETA = 7.857;
/** 16 MB. Common rates need far less: 44.1 kHz to 16 kHz needs 30,720 weights. */
const MOST_WEIGHTS = 2 ** 22;
/** Filters for this many source rates are kept. */
const KEPT = 4;

interface Filter {
  /** The ratio of the rates, in lowest terms. */
  readonly from: number;
  readonly to: number;
  readonly taps: number;
  /** `taps` weights for each of `to` positions between two samples. */
  readonly weights: Float32Array;
}

/** Returns the same array if the rate does not change. Throws ForebayError `unsupported_format`. */
export type Resampler = (samples: Float32Array, rate: number) => Float32Array;

export function createResampler(target: number): Resampler {
  const filters = new Map<number, Filter>();

  return function resample(samples, rate) {
    if (rate === target) return samples;
    const filter = filters.get(rate) ?? createFilter(rate, target);
    filters.delete(rate);
    filters.set(rate, filter);
    if (filters.size > KEPT) filters.delete(filters.keys().next().value!);
    return apply(samples, filter);
  };
}

function createFilter(rate: number, target: number): Filter {
  const common = gcd(rate, target);
  const from = rate / common;
  const to = target / common;
  const cutoff = ROLLOFF * Math.min(1, to / from);
  const taps = 2 * Math.ceil(ZERO_CROSSINGS / cutoff);
  if (taps * to > MOST_WEIGHTS) {
    throw new ForebayError(
      'unsupported_format',
      `the sample rate ${rate} Hz cannot be changed to ${target} Hz: convert the file to a common rate, such as 48000 Hz`,
    );
  }
  const weights = new Float32Array(taps * to);
  const own = new Float64Array(taps);
  for (let phase = 0; phase < to; phase++) {
    let sum = 0;
    for (let k = 0; k < taps; k++) {
      own[k] = weight((k + 1 - taps / 2 - phase / to) * cutoff);
      sum += own[k]!;
    }
    for (let k = 0; k < taps; k++) weights[phase * taps + k] = own[k]! / sum;
  }
  return { from, to, taps, weights };
}

function weight(t: number): number {
  const r = t / ZERO_CROSSINGS;
  if (r <= -1 || r >= 1) return 0;
  const sinc = t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t);
  return sinc * bessel(BETA * Math.sqrt(1 - r * r));
}

/** I0, the modified Bessel function of order 0, by its power series. */
function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function apply(samples: Float32Array, { from, to, taps, weights }: Filter): Float32Array {
  const length = Math.ceil((samples.length * to) / from);
  const result = new Float32Array(length);
  for (let n = 0; n < length; n++) {
    const position = n * from;
    const phase = position % to;
    const first = (position - phase) / to + 1 - taps / 2;
    const low = Math.max(0, -first);
    const high = Math.min(taps, samples.length - first);
    let sum = 0;
    for (let k = low, w = phase * taps + low; k < high; k++, w++) sum += samples[first + k]! * weights[w]!;
    result[n] = sum;
  }
  return result;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
