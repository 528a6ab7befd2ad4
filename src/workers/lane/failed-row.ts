/** The outcome of a row that failed in a call of its own. */
import type { RowOutcome } from '../../shared/domain/row.ts';
import { messageOf } from '../../shared/errors.ts';
import { isOutOfMemory } from './out-of-memory.ts';

const LONGEST_MESSAGE = 300;

export function failedRow(error: unknown): RowOutcome {
  const line = messageOf(error).replaceAll(/\s+/g, ' ').slice(0, LONGEST_MESSAGE);
  return isOutOfMemory(error)
    ? { ok: false, error: { code: 'out_of_memory', message: `memory ran out on this row alone: ${line}` } }
    : { ok: false, error: { code: 'inference_failed', message: `the model failed on this row: ${line}` } };
}
