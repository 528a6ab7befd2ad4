/** Student's t distribution, for 95 % confidence intervals of means. Pure. */

/** 97.5 % quantiles for 1, 2, 3, ... degrees of freedom. */
const QUANTILES = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];
/** For degrees of freedom between 30 and infinity. */
const BEYOND = 2;

/** Half a 95 % interval is this many standard errors. Infinite without a degree of freedom. */
export function studentT(degreesOfFreedom: number): number {
  return degreesOfFreedom < 1 ? Infinity : (QUANTILES[degreesOfFreedom - 1] ?? BEYOND);
}
