/**
 * Runs the rows of a batch through a predictor. A call that throws, or returns too few answers, is made again for each row
 * alone, so that one bad row fails alone.
 */
import type { RowOutcome } from '../../../shared/domain/row.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { PredictorRow } from '../../../predictor/predictor-context.ts';
import { isOutOfMemory } from '../out-of-memory.ts';
import { invalidAnswer, type AnswerReader } from './answers.ts';

/** The predictor's own function, bound to its context. */
export type Predict = (rows: readonly PredictorRow[]) => unknown;

/** Returns one outcome per row. Never rejects. */
export async function predictRows(
  rows: readonly PredictorRow[],
  predict: Predict,
  answers: AnswerReader,
): Promise<RowOutcome[]> {
  const found = await callOnce(rows, predict);
  if (found.ok) return found.answers.map((answer) => answers.read(answer));
  if (rows.length === 1) return [found.outcome];
  const outcomes: RowOutcome[] = [];
  for (const row of rows) outcomes.push(...(await predictRows([row], predict, answers)));
  return outcomes;
}

type Call =
  | { readonly ok: true; readonly answers: readonly unknown[] }
  | { readonly ok: false; readonly outcome: RowOutcome };

async function callOnce(rows: readonly PredictorRow[], predict: Predict): Promise<Call> {
  try {
    const answers: unknown = await predict(rows);
    const why = whyNoAnswers(answers, rows.length);
    return why === null
      ? { ok: true, answers: answers as readonly unknown[] }
      : { ok: false, outcome: invalidAnswer(why) };
  } catch (error) {
    return { ok: false, outcome: thrown(error) };
  }
}

function whyNoAnswers(answers: unknown, rows: number): string | null {
  if (!Array.isArray(answers)) {
    return `predict returned ${answers === undefined ? 'nothing' : `a value of type ${typeof answers}`}, and must return a list with one answer per row`;
  }
  if (answers.length === rows) return null;
  const how = answers.length < rows ? 'too few' : 'too many';
  return `predict returned ${how} answers: ${answers.length} for ${rows} ${rows === 1 ? 'row' : 'rows'}`;
}

const LONGEST_MESSAGE = 300;

function thrown(error: unknown): RowOutcome {
  const line = messageOf(error).replaceAll(/\s+/g, ' ').slice(0, LONGEST_MESSAGE);
  return isOutOfMemory(error)
    ? { ok: false, error: { code: 'out_of_memory', message: `memory ran out on this row alone: ${line}` } }
    : { ok: false, error: { code: 'predictor_error', message: `predict threw on this row: ${line}` } };
}
