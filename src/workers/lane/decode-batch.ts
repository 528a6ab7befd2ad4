/** Opens a batch and prepares its rows. This thread decodes in slices, and can receive messages between them. */
import { ColumnRows } from '../../shared/domain/column-rows.ts';
import { PackedRecords } from '../../shared/domain/packed-records.ts';
import type { RowError } from '../../shared/domain/row.ts';
import type { ActivityClock } from './activity-clock.ts';
import type { Executor } from './executor.ts';
import { listOf } from './lane-rows.ts';
import type { BatchRequest, LaneInput } from './messages.ts';
import type { OpenBatch } from './models/open-batch.ts';
import type { SliceGate } from './slice-gate.ts';

export interface DecodedBatch {
  readonly open: OpenBatch | undefined;
  /** Null for a row that is ready to run. */
  readonly rows: readonly (RowError | null)[];
}

type Prepared = ReturnType<OpenBatch['prepare']>;

/** After this time of decoding on this thread, messages are received. */
const SLICE_MS = 4;

export interface Slicing {
  readonly clock: ActivityClock;
  readonly gate: Pick<SliceGate, 'pass'>;
  /** Called when the last row is prepared, or is being prepared by another thread. */
  readonly onBegun: () => void;
}

/** `executor`: undefined if the model is not loaded. */
export async function decodeBatch(
  { model, rows, options, deadlines }: BatchRequest,
  executor: Executor | undefined,
  { clock, gate, onBegun }: Slicing,
): Promise<DecodedBatch> {
  const open = executor?.open(rows.length, options);
  if (rows instanceof PackedRecords && open?.prepareRecords !== undefined)
    return { open, rows: open.prepareRecords(rows) };
  if (rows instanceof ColumnRows && open?.prepareColumns !== undefined)
    return { open, rows: open.prepareColumns(rows) };
  const inputs = listOf(rows);
  if (open === undefined) return { open, rows: inputs.map(() => notLoaded(model)) };
  const preparing: Prepared[] = [];
  // No batch goes ahead of an online one, so it needs no slices.
  const sliceMs = deadlines === undefined ? SLICE_MS : Infinity;
  for (;;) {
    clock.during('decode', () => prepareSlice(open, inputs, preparing, sliceMs));
    if (preparing.length === inputs.length) break;
    await gate.pass();
  }
  onBegun();
  // Small images are decoded by now. A promise for each of them would cost more than the message of the batch.
  const prepared = preparing.every(isReady)
    ? preparing
    : await Promise.all(preparing.map(async (row) => row));
  return { open, rows: prepared };
}

/** Prepares the next rows. Rows that are promises are prepared on other threads, so they do not end the slice. */
function prepareSlice(
  open: OpenBatch,
  inputs: readonly LaneInput[],
  preparing: Prepared[],
  sliceMs: number,
): void {
  const until = performance.now() + sliceMs;
  while (preparing.length < inputs.length) {
    const at = preparing.length;
    const row = open.prepare(at, inputs[at]!);
    preparing.push(row);
    if (isReady(row) && performance.now() >= until) return;
  }
}

function isReady(row: Prepared): row is RowError | null {
  return !(row instanceof Promise);
}

function notLoaded(model: string): RowError {
  const message = `model "${model}" is not loaded in this lane (this is a bug in Forebay, please report it)`;
  return { code: 'inference_failed', message };
}
