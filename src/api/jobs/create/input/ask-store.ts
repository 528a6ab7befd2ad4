/** Asks a store something while a client waits for the answer. */
import { ForebayError } from '../../../../shared/errors.ts';
import { inputError } from '../../../../shared/stores/input-error.ts';

/** For one question to a store, with all retries. */
export const ANSWER_MS = 20_000;

/** `name`: what is asked for, for messages. Rejects with ForebayError `input_*` and `storage_unavailable`. */
export async function askStore<T>(
  name: string,
  timeoutMs: number,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    return await ask(signal);
  } catch (error) {
    if (!signal.aborted) throw inputError(`Cannot read ${name}`, error);
    throw new ForebayError(
      'storage_unavailable',
      `Cannot read ${name}: no answer within ${timeoutMs / 1000} s. Check that the API reaches the endpoint.`,
      { cause: error },
    );
  }
}
