/**
 * Decides what happens to the rows of a batch whose lane died (G3, INV-6). They are suspects if the lane was working on
 * the batch. A suspect is retried alone in a lane. If it kills that lane too, it becomes an error. A row that ran out
 * of memory gets one more attempt with the whole worker to itself, because the other lanes may have used the memory.
 */
import type { RowError } from '../../shared/domain/row.ts';
import { messageOf, type ErrorCode } from '../../shared/errors.ts';
import { LaneDied, type DeathCause } from '../lane-pool/lane-handle.ts';
import type { SendHow } from '../lane-pool/lane-pool.ts';

/** `batch`: the row is tried again with other rows. `alone`, `only`: it is tried again by itself. See SendHow. */
export type NextTry = 'batch' | 'alone' | 'only';

/** Returns null if the row is to blame. */
export function nextTry(how: SendHow, error: unknown, lanes: number): NextTry | null {
  if (!(error instanceof LaneDied)) return null;
  const { touched, why } = error;
  if (how !== 'alone' && how !== 'only') return touched ? 'alone' : 'batch';
  if (!touched) return how;
  return how === 'alone' && why === 'out_of_memory' && lanes > 1 ? 'only' : null;
}

const BLAME = {
  crashed: { code: 'lane_crashed', text: 'The lane died' },
  timed_out: {
    code: 'timed_out',
    text: 'The model took longer than its timeout and its lane was killed',
  },
  out_of_memory: { code: 'out_of_memory', text: 'The lane ran out of memory and was killed' },
} as const satisfies Record<DeathCause, { code: ErrorCode; text: string }>;

/** The error of a row that is to blame. */
export function blamedError(error: unknown): RowError {
  const { code, text } = BLAME[error instanceof LaneDied ? error.why : 'crashed'];
  return { code, message: `${text} while working on this row alone: ${messageOf(error)}` };
}
