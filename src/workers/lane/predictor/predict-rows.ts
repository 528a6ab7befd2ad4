/**
 * Calls a function of the user's with the rows of a batch. A call that throws, or returns too few values, is made again
 * for each row alone, so that one bad row fails alone.
 */
import type { FailedOutcome } from '../../../shared/domain/row.ts';
import { messageOf } from '../../../shared/errors.ts';
import { isOutOfMemory } from '../out-of-memory.ts';
import { invalidAnswer } from './answers.ts';
import { restoreBuiltIns } from './built-ins.ts';
import { RowFailed } from './row-failed.ts';
import type { GuardedCode } from './stray-errors.ts';

export interface UserFunction<Row, Read> {
  /** Its name, for messages. */
  readonly name: string;
  /** What it returns for a row, such as "answer". */
  readonly returns: string;
  readonly guard: GuardedCode;
  /** The function itself, bound to its context. */
  call(rows: readonly Row[]): unknown;
  /** Checks what it has returned for a row. Never throws. */
  read(value: unknown, row: Row): Read;
}

/** Returns one value per row. Never rejects. */
export async function callWithRows<Row, Read>(
  rows: readonly Row[],
  code: UserFunction<Row, Read>,
): Promise<(Read | FailedOutcome)[]> {
  const found = await callOnce(rows, code);
  if (found.ok) return found.values.map((value, i) => code.read(value, rows[i]!));
  if (rows.length === 1) return [found.failure];
  const all: (Read | FailedOutcome)[] = [];
  for (const row of rows) all.push(...(await callWithRows([row], code)));
  return all;
}

type Call =
  | { readonly ok: true; readonly values: readonly unknown[] }
  | { readonly ok: false; readonly failure: FailedOutcome };

async function callOnce<Row>(
  rows: readonly Row[],
  code: Pick<UserFunction<Row, unknown>, 'name' | 'returns' | 'guard' | 'call'>,
): Promise<Call> {
  let values: unknown;
  try {
    // The user's code may change its list, for example with splice.
    values = await code.guard.run(() => code.call([...rows]));
  } catch (error) {
    const replaced = restoreBuiltIns();
    const failure = replaced === null ? thrown(error, code.name) : hasReplaced(replaced, code.name);
    return { ok: false, failure };
  }
  const replaced = restoreBuiltIns();
  if (replaced !== null) return { ok: false, failure: hasReplaced(replaced, code.name) };
  const why = whyNoValues(values, rows.length, code);
  return why === null
    ? { ok: true, values: values as readonly unknown[] }
    : { ok: false, failure: invalidAnswer(why) };
}

function hasReplaced(builtIn: string, name: string): FailedOutcome {
  const message = `${name} replaced ${builtIn}, which everything in its process shares. It was put back: leave such functions as they are`;
  return { ok: false, error: { code: 'predictor_error', message } };
}

function whyNoValues(
  values: unknown,
  rows: number,
  { name, returns }: { readonly name: string; readonly returns: string },
): string | null {
  if (!Array.isArray(values)) {
    return `${name} returned ${values === undefined ? 'nothing' : `a value of type ${typeof values}`}, and must return a list with one ${returns} per row`;
  }
  if (values.length === rows) return null;
  const how = values.length < rows ? 'too few' : 'too many';
  return `${name} returned ${how} ${returns}s: ${values.length} for ${rows} ${rows === 1 ? 'row' : 'rows'}`;
}

const LONGEST_MESSAGE = 300;

function thrown(error: unknown, name: string): FailedOutcome {
  if (error instanceof RowFailed) return { ok: false, error: error.failure };
  const line = messageOf(error).replaceAll(/\s+/g, ' ').slice(0, LONGEST_MESSAGE);
  return isOutOfMemory(error)
    ? { ok: false, error: { code: 'out_of_memory', message: `memory ran out on this row alone: ${line}` } }
    : { ok: false, error: { code: 'predictor_error', message: `${name} threw on this row: ${line}` } };
}
