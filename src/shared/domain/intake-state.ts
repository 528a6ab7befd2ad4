/**
 * Whether a worker takes work.
 *
 * - `running`: it takes blocks and online requests.
 * - `draining`: it takes no more, and finishes those that it holds.
 * - `drained`: it holds none, and waits until it is resumed or ended.
 */
export const INTAKE_STATES = ['running', 'draining', 'drained'] as const;
export type IntakeState = (typeof INTAKE_STATES)[number];

/** `intake`: undefined from an older worker. */
export function isDraining(intake: IntakeState = 'running'): boolean {
  return intake !== 'running';
}

/** What operators ask of a worker. */
export const INTAKE_ORDERS = ['drain', 'resume'] as const;
export type IntakeOrder = (typeof INTAKE_ORDERS)[number];
