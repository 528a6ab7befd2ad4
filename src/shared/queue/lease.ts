/** A job's lease: who holds it feeds the job, alone. */

/** A process that is silent for this long loses it. */
export const LEASE_MS = 10_000;

/** The lease has gone to another process: stop feeding. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}
