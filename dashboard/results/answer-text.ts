/** The answer of a row in one line, for a table. */
import type { ErrorRow, ResultRow } from '../../src/api/http/wire/row.ts';
import { failureOf, foundNothing, marksOf, type Mark } from './marks.ts';

const MOST_MARKS = 5;
const MOST_LENGTH = 200;

export function answerOf(row: ResultRow | ErrorRow): string {
  return shortened(wholeAnswer(row));
}

function wholeAnswer(row: ResultRow | ErrorRow): string {
  const failure = failureOf(row);
  if (failure !== null) return `${failure.code} ${failure.message}`.trim();
  const marks = marksOf(row);
  if (marks.length > 0) {
    const more = marks.length - MOST_MARKS;
    return `${marks.slice(0, MOST_MARKS).map(markText).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  }
  if (foundNothing(row)) return 'nothing found';
  const { index: _index, id: _id, ...answer } = row as ResultRow;
  if (typeof answer.value === 'number') return String(answer.value);
  return JSON.stringify(answer);
}

/** The whole text is in the row's own view. */
export function shortened(text: string, most = MOST_LENGTH): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

export function markText({ label, score }: Mark): string {
  return score === undefined ? label : `${label} ${score.toFixed(2)}`;
}
