/** What sinks of tables share: rows that cannot be stored become errors, and long work leaves turns to the event loop. */
import type { NamedRows } from '../../domain/block.ts';
import type { ResultColumn } from '../../domain/job/part-format.ts';
import type { Outcomes } from '../../domain/outcomes.ts';
import { messageOf } from '../../errors.ts';
import { createTurn } from '../../process/event-loop-turn.ts';
import { errorLine } from '../error-line.ts';
import { cellsOf, type Cell } from './cells.ts';
import { finishedRows } from './finished-rows.ts';
import { shortened } from '../../text/shortened.ts';

/** A value does not have its column's type. Costs the row, and no other. */
export class UnfitValue extends Error {
  override readonly name = 'UnfitValue';
  readonly code: 'inference_failed' | 'join_failed';

  constructor(code: UnfitValue['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export function unfit({ name, type, source }: ResultColumn, cell: string): UnfitValue {
  const shown = shortened(cell, 40);
  const what = typeof type === 'string' ? type : JSON.stringify(type);
  if (source.of !== 'input') {
    return new UnfitValue(
      'inference_failed',
      `the answer does not fit the column "${name}" (${what}): ${shown}`,
    );
  }
  return new UnfitValue(
    'join_failed',
    `the value of the joined column "${name}" is not of its type, which the first rows have (${what}): ${shown}. ` +
      'Write JSON lines, which have no types, or leave the column out',
  );
}

/** Rows of JSON may have other values where the first rows had texts. They are passed on as the text of their JSON. */
export function isLenient({ source, type }: ResultColumn): boolean {
  return source.of === 'input' && type === 'string';
}

/** `add` takes a row that succeeded. It throws UnfitValue before it changes anything. */
export async function encodeRows(
  columns: readonly ResultColumn[],
  rows: NamedRows,
  outcomes: readonly Outcomes[],
  add: (index: number, id: string, cells: readonly Cell[]) => void,
): Promise<{ errors: string; failed: number }> {
  let errors = '';
  let failed = 0;
  const turn = createTurn();
  for (const { index, id, result, error } of finishedRows(rows, outcomes)) {
    if (turn.isOver()) await turn.next();
    let bad = error;
    if (bad === null) {
      try {
        add(index, id, cellsOf(columns, result));
      } catch (cause) {
        if (!(cause instanceof UnfitValue)) throw cause;
        bad = { code: cause.code, message: messageOf(cause) };
      }
    }
    if (bad === null) continue;
    errors += errorLine(index, id, bad);
    failed += 1;
  }
  return { errors, failed };
}
