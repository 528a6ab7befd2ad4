/**
 * Collects the rows that go to the decode threads in one message: those of one batch that are prepared in the same turn
 * of the event loop. If several models share their images, a row goes there once for all of them.
 */
import type { RowError } from '../../../shared/domain/row.ts';
import type { Geometry } from '../image/decode/geometry.ts';
import type { EncodedRow } from '../rows/row-bytes.ts';
import type { ThreadTarget } from './thread-messages.ts';

/** The open batch of one model. */
export interface OpenTarget extends ThreadTarget {
  /** By row of the tensor. */
  readonly geometries: Geometry[];
}

export interface GatheredRow {
  readonly row: EncodedRow;
  /** By target: the row of its tensor. Undefined if this model does not get the row. */
  readonly places: (number | undefined)[];
}

export interface GatheredBatch {
  readonly targets: readonly OpenTarget[];
  readonly rows: readonly GatheredRow[];
}

/** By target, then by row of its tensor. */
export type TargetErrors = readonly ReadonlyMap<number, RowError>[];

export type AddRow = (target: OpenTarget, at: number, row: EncodedRow) => Promise<RowError | null>;

interface Collecting {
  readonly targets: OpenTarget[];
  readonly rows: Map<EncodedRow, GatheredRow>;
  readonly errors: Promise<TargetErrors>;
}

/** `send`: called once per batch, at the end of the turn. */
export function gatherRows(send: (batch: GatheredBatch) => Promise<TargetErrors>): AddRow {
  /** By the model that gets its rows first. Models may have several batches open. */
  const byFirst = new Map<OpenTarget, Collecting>();
  const byRow = new Map<EncodedRow, Collecting>();

  function collect(first: OpenTarget): Collecting {
    const targets = [first];
    const rows = new Map<EncodedRow, GatheredRow>();
    const errors = Promise.resolve().then(async () => {
      byFirst.delete(first);
      for (const row of rows.keys()) byRow.delete(row);
      return send({ targets, rows: [...rows.values()] });
    });
    const made = { targets, rows, errors };
    byFirst.set(first, made);
    return made;
  }

  return async (target, at, row) => {
    const batch = byRow.get(row) ?? byFirst.get(target) ?? collect(target);
    byRow.set(row, batch);
    let index = batch.targets.indexOf(target);
    if (index < 0) index = batch.targets.push(target) - 1;
    const gathered = batch.rows.get(row) ?? { row, places: [] };
    gathered.places[index] = at;
    batch.rows.set(row, gathered);
    return (await batch.errors)[index]!.get(at) ?? null;
  };
}
