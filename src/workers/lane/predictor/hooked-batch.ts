/** A batch on its way through a graph with hooks: rows are changed, the graph answers, and its answers are changed. */
import { packOutcomes, unpackOutcomes } from '../../../shared/domain/outcomes.ts';
import type { RowOutcome } from '../../../shared/domain/row.ts';
import type { OptionValues } from '../../../shared/tasks/task-description.ts';
import type { TaskAnswer } from '../../../predictor/define-hooks.ts';
import type { PredictorRow } from '../../../predictor/predictor-context.ts';
import type { Executor } from '../executor.ts';
import { addTimings, NO_TIME, type InferenceTimings } from '../models/inference.ts';
import { runPrepared, type OpenBatch } from '../models/open-batch.ts';
import type { TaskInput } from '../tasks/task.ts';
import type { ChangedReading } from './changed-rows.ts';
import { callWithRows, type UserFunction } from './predict-rows.ts';
import { asFile, type ReadRow } from './predictor-rows.ts';
import { readInCalls } from './read-rows.ts';

/** A row and what the graph's task has answered. */
export interface Answered {
  readonly row: PredictorRow;
  readonly answer: TaskAnswer;
}

export interface BoundHooks {
  readonly readRow: ReadRow;
  readonly before: UserFunction<PredictorRow, ChangedReading> | null;
  readonly after: UserFunction<Answered, RowOutcome> | null;
}

export function openHooked(
  count: number,
  options: OptionValues,
  graph: Executor,
  hooks: BoundHooks,
): OpenBatch {
  return hooks.before === null
    ? openUnchanged(count, options, graph, hooks)
    : openChanged(count, options, graph, { ...hooks, before: hooks.before });
}

/** Nothing changes the rows, so they are decoded as early as those of other models. */
function openUnchanged(count: number, options: OptionValues, graph: Executor, hooks: BoundHooks): OpenBatch {
  const inputs = Array<TaskInput>(count);
  const batch = graph.open(count, options);
  return {
    prepare(at, row) {
      inputs[at] = row;
      return batch.prepare(at, row);
    },
    async run(ready) {
      const ran = await batch.run(ready);
      const { timings } = ran;
      const outcomes = unpackOutcomes(ran.outcomes);
      const answered = outcomes.flatMap(({ ok }, i) => (ok ? [i] : []));
      const wanted = answered.map((i) => asFile(inputs[ready[i]!]!));
      const calls = readInCalls(wanted, hooks.readRow, timings, (place, failed) => {
        outcomes[answered[place]!] = failed;
      });
      for await (const { rows, places } of calls) {
        const at = places.map((place) => answered[place]!);
        const changed = await changeAnswers(
          rows,
          at.map((i) => outcomes[i]!),
          hooks,
          timings,
        );
        for (const [n, i] of at.entries()) outcomes[i] = changed[n]!;
      }
      return { outcomes: packOutcomes(outcomes), timings };
    },
  };
}

function openChanged(
  count: number,
  options: OptionValues,
  graph: Executor,
  hooks: BoundHooks & { readonly before: NonNullable<BoundHooks['before']> },
): OpenBatch {
  const inputs = Array<TaskInput>(count);

  async function runRows(rows: readonly PredictorRow[], timings: InferenceTimings): Promise<RowOutcome[]> {
    const started = performance.now();
    const changed = await callWithRows(rows, hooks.before);
    const decoding = performance.now();
    timings.prepareMs += decoding - started;
    const batch = graph.open(rows.length, options);
    const errors = await Promise.all(
      changed.map(async (one, i) => (one.ok ? batch.prepare(i, one.input) : one.error)),
    );
    addTimings(timings, { ...NO_TIME(), decodeMs: performance.now() - decoding });
    const ran = await runPrepared(batch, errors);
    addTimings(timings, ran.timings);
    return unpackOutcomes(ran.outcomes);
  }

  return {
    prepare(at, row) {
      // Read only when it runs, because nothing bounds the bytes that waiting batches would hold.
      inputs[at] = asFile(row);
      return null;
    },
    async run(ready) {
      const timings = NO_TIME();
      const outcomes = Array<RowOutcome>(ready.length);
      const wanted = ready.map((at) => inputs[at]!);
      inputs.length = 0;
      const calls = readInCalls(
        wanted,
        hooks.readRow,
        timings,
        (place, failed) => (outcomes[place] = failed),
      );
      for await (const { rows, places } of calls) {
        const answered = await runRows(rows, timings);
        const changed = await changeAnswers(rows, answered, hooks, timings);
        for (const [i, outcome] of changed.entries()) outcomes[places[i]!] = outcome;
      }
      return { outcomes: packOutcomes(outcomes), timings };
    },
  };
}

/** Rows that have failed stay as they are. */
async function changeAnswers(
  rows: readonly PredictorRow[],
  outcomes: readonly RowOutcome[],
  { after }: BoundHooks,
  timings: InferenceTimings,
): Promise<readonly RowOutcome[]> {
  if (after === null) return outcomes;
  const started = performance.now();
  const answered = outcomes.flatMap((outcome, i): Answered[] =>
    outcome.ok ? [{ row: rows[i]!, answer: JSON.parse(`{${outcome.result}}`) as TaskAnswer }] : [],
  );
  const changed = answered.length === 0 ? [] : await callWithRows(answered, after);
  timings.postMs += performance.now() - started;
  let next = 0;
  return outcomes.map((outcome) => (outcome.ok ? changed[next++]! : outcome));
}
