/**
 * Runs the frames of rows. Frames of several rows share a call. With state, the frames of a row run in order, and each
 * call has the same frame of many rows. A call that fails is run again in halves, so that one bad row fails alone.
 */
import type { RowOutcome } from '../../../../shared/domain/row.ts';
import { failedRow } from '../../failed-row.ts';
import type { GraphCall } from '../task.ts';
import type { Feeds, Outputs } from '../tensors.ts';
import type { FrameAnswer } from './answer-frames.ts';
import type { CarriedStates, FrameStates, StatePosition } from './bind-states.ts';

/** A row on its way through the model. */
export interface FramedRow {
  readonly samples: Float32Array;
  readonly frames: number;
  readonly answer: FrameAnswer;
  states: StatePosition;
  done: number;
  outcome: RowOutcome | null;
}

export interface Unit {
  readonly row: FramedRow;
  readonly frame: number;
}

export interface FrameModel {
  /** Null if the model has none. */
  readonly states: FrameStates | null;
  readonly constants: Feeds;
  readonly fixedBatch: number | null;
  /** Most frames of a call, for frames of this many samples. */
  mostFrames(length: number): number;
  frameLength(row: FramedRow): number;
  /** The waveform's tensor for frames of the same length, and its mask if the graph takes one. */
  waveforms(units: readonly Unit[]): Feeds;
}

/**
 * `units`: frames of the same length. With states, no two are of the same row. The last one is repeated to fill up the
 * graph's batch.
 */
export function feedsOf(model: FrameModel, units: readonly Unit[]): Feeds {
  const missing = Math.max(0, (model.fixedBatch ?? 0) - units.length);
  const filled = missing === 0 ? units : [...units, ...Array<Unit>(missing).fill(units.at(-1)!)];
  return {
    ...model.constants,
    ...model.states?.feeds(filled.map(({ row }) => row.states)),
    ...model.waveforms(filled),
  };
}

/** Gives each row its outcome. */
export async function runFrames(
  model: FrameModel,
  rows: readonly FramedRow[],
  call: GraphCall,
): Promise<void> {
  if (model.states === null) {
    for (const units of calls(model, allUnits(rows))) await runTogether(model, units, call);
    return;
  }
  // The shortest rows end first. The others then stay the first rows of a call, and their states stay together.
  let active: readonly FramedRow[] = rows.toSorted((a, b) => b.frames - a.frames);
  for (let frame = 0; ; frame++) {
    active = active.filter((row) => row.outcome === null);
    if (active.length === 0) return;
    const units = active.map((row) => ({ row, frame }));
    for (const together of calls(model, units)) await runTogether(model, together, call);
  }
}

function* allUnits(rows: readonly FramedRow[]): Generator<Unit> {
  for (const row of rows) for (let frame = 0; frame < row.frames; frame++) yield { row, frame };
}

/** Frames of a call have the same length. Rows that have failed are left out. */
function* calls(model: FrameModel, units: Iterable<Unit>): Generator<Unit[]> {
  let together: Unit[] = [];
  let length = 0;
  let most = 0;
  for (const unit of units) {
    if (unit.row.outcome !== null) continue;
    const own = model.frameLength(unit.row);
    if (together.length > 0 && (own !== length || together.length >= most)) {
      yield together;
      together = [];
    }
    if (together.length === 0) {
      length = own;
      most = model.fixedBatch ?? model.mostFrames(own);
    }
    together.push(unit);
  }
  if (together.length > 0) yield together;
}

async function runTogether(model: FrameModel, given: readonly Unit[], call: GraphCall): Promise<void> {
  const units = given.filter(({ row }) => row.outcome === null);
  if (units.length === 0) return;
  let outputs: Outputs;
  let carried: CarriedStates | undefined;
  const batch = model.fixedBatch ?? units.length;
  try {
    outputs = await call(() => feedsOf(model, units));
    carried = model.states?.take(outputs, batch);
  } catch (error) {
    const [one, ...others] = units;
    if (others.length === 0) {
      one!.row.outcome = failedRow(error);
      return;
    }
    const half = Math.ceil(units.length / 2);
    await runTogether(model, units.slice(0, half), call);
    await runTogether(model, units.slice(half), call);
    return;
  }
  for (let at = 0; at < units.length; at++) {
    const { row } = units[at]!;
    takeFrame(row, outputs, at, batch);
    // A row that is done must not keep the states of other rows in memory.
    if (carried !== undefined) row.states = row.outcome === null ? { carried, at } : model.states!.initial;
  }
}

function takeFrame(row: FramedRow, outputs: Outputs, at: number, batch: number): void {
  try {
    row.answer.add(outputs, at, batch);
    row.done += 1;
    if (row.done === row.frames) row.outcome = row.answer.finish(row.samples.length);
  } catch (error) {
    row.outcome = failedRow(error);
  }
}
