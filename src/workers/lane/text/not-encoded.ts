/** The errors of rows whose text cannot become tokens. */
import type { RowError } from '../../../shared/domain/row.ts';
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import { isOutOfMemory } from '../out-of-memory.ts';
import { invalidRow } from '../tasks/record.ts';

export const NO_TOKENS = invalidRow(
  'the text is empty, and the model has no special tokens that could stand for it',
);

/** `error`: what the tokenizer threw. */
export function notEncoded(error: unknown): RowError {
  if (error instanceof ForebayError) return { code: error.code, message: error.message };
  if (isOutOfMemory(error)) return { code: 'out_of_memory', message: messageOf(error) };
  return { code: 'decode_failed', message: `the text cannot be tokenised: ${messageOf(error)}` };
}
