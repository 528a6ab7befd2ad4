/**
 * Turns a prepared batch into one outcome per row. Runs the graph in the calls that the task wants and the graph
 * accepts. A call that throws is run again row by row, so that one bad row fails alone. A call that runs out of memory
 * is run again in halves, unless the graph fixes the batch.
 */
import {
  joinOutcomes,
  packOutcomes,
  unpackOutcomes,
  type Outcomes,
} from '../../../shared/domain/outcomes.ts';
import type { RowOutcome } from '../../../shared/domain/row.ts';
import { failedRow } from '../failed-row.ts';
import { isOutOfMemory } from '../out-of-memory.ts';
import type { GraphCall, TaskBatch } from '../tasks/task.ts';
import type { Feeds, Outputs } from '../tasks/tensors.ts';
import { createCallSize } from './call-size.ts';
import type { OnnxSession } from './onnx-session.ts';

export interface InferenceTimings {
  /** Time to decode rows inside the run, as pipelines and code that changes rows do. */
  decodeMs?: number;
  prepareMs: number;
  inferMs: number;
  postMs: number;
}

export const NO_TIME = (): InferenceTimings => ({ prepareMs: 0, inferMs: 0, postMs: 0 });

export function addTimings(sum: InferenceTimings, more: InferenceTimings): void {
  if (more.decodeMs !== undefined) sum.decodeMs = (sum.decodeMs ?? 0) + more.decodeMs;
  sum.prepareMs += more.prepareMs;
  sum.inferMs += more.inferMs;
  sum.postMs += more.postMs;
}

/** How the rows of a batch go through the model. */
export interface RunCalls {
  /** Most rows of a call. Absent: as many as the task wants and the graph accepts. */
  readonly callRows?: number | undefined;
  /** Called between two calls. Another batch may run until it resolves. */
  readonly between?: () => Promise<void>;
}

export interface Inference {
  /** Returns one outcome for each of these prepared rows, in order. Never rejects because of the model. */
  run(
    batch: TaskBatch,
    rows: readonly number[],
    how?: RunCalls,
  ): Promise<{ outcomes: Outcomes; timings: InferenceTimings }>;
  /** Runs one call of these rows, filled up to the graph's batch. Rejects with onnxruntime's error. */
  call(
    batch: Pick<TaskBatch, 'feeds'>,
    rows: readonly number[],
    timings?: InferenceTimings,
  ): Promise<Outputs>;
}

/** `outputs`: names of the outputs that are wanted. */
export function createInference(parts: {
  readonly session: Pick<OnnxSession, 'run'>;
  readonly outputs: readonly string[];
  readonly fixedBatch: number | null;
}): Inference {
  const { session, outputs, fixedBatch } = parts;
  const size = createCallSize();

  async function run(
    batch: TaskBatch,
    rows: readonly number[],
    { callRows = Infinity, between }: RunCalls = {},
  ) {
    const timings = NO_TIME();
    const calls: { readonly rows: readonly number[]; readonly outcomes: Outcomes }[] = [];
    for (const wanted of rows.length === 0 ? [] : batch.run ? [rows] : batch.calls(rows)) {
      for (let from = 0; from < wanted.length;) {
        if (calls.length > 0) await between?.();
        const most = batch.run ? callRows : (fixedBatch ?? Math.min(size.rows, callRows));
        const together = wanted.length <= most ? wanted : wanted.slice(from, from + most);
        const outcomes = await (batch.run ? runItself : runTogether)(batch, together, timings);
        if (outcomes.ends.length > 0) calls.push({ rows: together, outcomes });
        // No outcomes: memory ran out. The next call then takes fewer of the same rows.
        from += outcomes.ends.length;
      }
    }
    return { outcomes: inOrder(calls, rows), timings };
  }

  async function runItself(
    batch: TaskBatch,
    rows: readonly number[],
    timings: InferenceTimings,
  ): Promise<Outcomes> {
    const start = performance.now();
    const before = timings.prepareMs + timings.inferMs;
    const call: GraphCall = async (feeds) => runGraph(feeds, timings);
    const outcomes = await batch.run!(rows, call);
    timings.postMs += performance.now() - start - (timings.prepareMs + timings.inferMs - before);
    return packOutcomes(outcomes);
  }

  /** Returns the outcomes of all rows. Returns none if memory ran out and a smaller call may fit. */
  async function runTogether(
    batch: TaskBatch,
    rows: readonly number[],
    timings: InferenceTimings,
  ): Promise<Outcomes> {
    let outcomes: Outcomes;
    try {
      const found = await call(batch, rows, timings);
      const start = performance.now();
      const answers = batch.answers(found, rows);
      outcomes = Array.isArray(answers) ? packOutcomes(answers) : answers;
      timings.postMs += performance.now() - start;
    } catch (error) {
      if (rows.length === 1) return packOutcomes([failedRow(error)]);
      if (fixedBatch !== null || !isOutOfMemory(error)) return runSingly(batch, rows, timings);
      size.ranOut(rows.length);
      return packOutcomes([]);
    }
    if (fixedBatch === null) size.wentWell(rows.length);
    return outcomes;
  }

  async function runSingly(batch: TaskBatch, rows: readonly number[], timings: InferenceTimings) {
    const outcomes: Outcomes[] = [];
    for (const row of rows) outcomes.push(await runTogether(batch, [row], timings));
    return joinOutcomes(outcomes);
  }

  /** A call smaller than the graph's batch is filled up with its last row. */
  async function call(
    batch: Pick<TaskBatch, 'feeds'>,
    rows: readonly number[],
    timings = NO_TIME(),
  ): Promise<Outputs> {
    const missing = Math.max(0, (fixedBatch ?? 0) - rows.length);
    const filled = missing === 0 ? rows : [...rows, ...Array<number>(missing).fill(rows.at(-1)!)];
    return runGraph(() => batch.feeds(filled), timings);
  }

  async function runGraph(feedsOf: () => Feeds, timings: InferenceTimings): Promise<Outputs> {
    const start = performance.now();
    const feeds = feedsOf();
    const fed = performance.now();
    timings.prepareMs += fed - start;
    const found = await session.run(feeds, outputs);
    timings.inferMs += performance.now() - fed;
    return found;
  }

  return { run, call };
}

/** The outcomes of calls in the order of `rows`. Tasks may cut and sort their rows as they like. */
function inOrder(
  calls: readonly { readonly rows: readonly number[]; readonly outcomes: Outcomes }[],
  rows: readonly number[],
): Outcomes {
  let first = 0;
  const isInOrder = calls.every((call) => {
    const from = first;
    first += call.rows.length;
    return call.rows.every((row, i) => row === rows[from + i]);
  });
  if (calls.length > 0 && isInOrder) return joinOutcomes(calls.map(({ outcomes }) => outcomes));
  const done = new Map<number, RowOutcome>();
  for (const call of calls)
    for (const [i, outcome] of unpackOutcomes(call.outcomes).entries()) done.set(call.rows[i]!, outcome);
  return packOutcomes(rows.map((row) => done.get(row)!));
}
