/** The version of a local file: its size and modification time, which change with its content. */

/** What identifies the content of a file. */
export interface FileStamp {
  readonly size: number;
  /** Epoch milliseconds, with fractions. */
  readonly mtimeMs: number;
}

/**
 * File systems keep times in steps of a few milliseconds. A file that was written this recently may be written again
 * within the same step.
 */
const STEP_MS = 100;

/** Undefined if the file may change without a new stamp. */
export function stampOf({ size, mtimeMs }: FileStamp, now: number): FileStamp | undefined {
  return Math.abs(now - mtimeMs) < STEP_MS ? undefined : { size, mtimeMs };
}

export function fileVersion({ size, mtimeMs }: FileStamp): string {
  return `${size}-${mtimeMs}`;
}
