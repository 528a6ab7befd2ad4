/** How much faster one point is than another, and how noisy that figure is. Pure. */
import { studentT } from '../../../shared/math/student-t.ts';

/** As logarithms of rates, so that a gain of 5 % and its loss are equally large. */
export interface Gain {
  readonly log: number;
  /** Half the 95 % interval of `log`. */
  readonly noise: number;
}

/** A gain as displayed: in shares, 0.05 for 5 %. */
export interface GainShares {
  readonly gain: number;
  readonly noise: number;
}

export const NO_GAIN: Gain = { log: 0, noise: 0 };

/** A smaller gain is not worth a change of settings, however certain it is. */
export const WORTH_A_CHANGE = 0.02;
const LEAST_GAIN = Math.log(1 + WORTH_A_CHANGE);

/** Whether the gain exceeds its noise and is worth a change. */
export function beatsNoise({ log, noise }: Gain): boolean {
  return log > noise && log > LEAST_GAIN;
}

/** Whether more comparisons could still show a gain that is worth a change. */
export function mayBeat({ log, noise }: Gain): boolean {
  return log > 0 && log + noise > LEAST_GAIN;
}

/** Adds the gain from the start to a first point (`a`) and the gain from that point to a second one (`b`). */
export function addGains(a: Gain, b: Gain): Gain {
  return { log: a.log + b.log, noise: Math.hypot(a.noise, b.noise) };
}

/**
 * The mean of gains that were measured one after the other. Its noise is the larger of two values: the combined noise
 * of the gains, and their spread. On a busy machine, each reading may be steady and yet differ from the others.
 */
export function meanGain(gains: readonly Gain[]): Gain {
  const n = gains.length;
  const log = gains.reduce((sum, gain) => sum + gain.log, 0) / n;
  const own = Math.hypot(...gains.map(({ noise }) => noise)) / n;
  if (n < 2) return { log, noise: own };
  const variance = gains.reduce((sum, gain) => sum + (gain.log - log) ** 2, 0) / (n - 1);
  return { log, noise: Math.max(own, studentT(n - 1) * Math.sqrt(variance / n)) };
}

export function toShares({ log, noise }: Gain): GainShares {
  return { gain: Math.expm1(log), noise: Math.expm1(noise) };
}
