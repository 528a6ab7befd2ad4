/** The states of a job, and the table of allowed transitions between them. */

export const JOB_STATUSES = [
  'queued',
  'running',
  'paused',
  'finalizing',
  'cancelling',
  'completed',
  'failed',
  'cancelled',
] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

const NEXT: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  queued: ['running', 'paused', 'finalizing', 'cancelling'],
  running: ['paused', 'finalizing', 'cancelling'],
  paused: ['queued', 'running', 'cancelling'],
  finalizing: ['completed', 'failed'],
  cancelling: ['cancelled'],
  completed: [],
  failed: [],
  cancelled: [],
};

/** The states from which `to` may be entered. */
export function statesBefore(to: JobStatus): JobStatus[] {
  return JOB_STATUSES.filter((from) => NEXT[from].includes(to));
}

export function isTerminal(status: JobStatus): boolean {
  return NEXT[status].length === 0;
}
