/** Runs rows through a model of a pipeline in batches of the model's own size. */
import { joinOutcomes, unpackOutcomes } from '../../../shared/domain/outcomes.ts';
import type { RowError, RowOutcome } from '../../../shared/domain/row.ts';
import type { OptionValues } from '../../../shared/tasks/task-description.ts';
import { addTimings, NO_TIME, type InferenceTimings } from '../models/inference.ts';
import { runPrepared, type OpenBatch } from '../models/open-batch.ts';
import type { TaskInput } from '../tasks/task.ts';
import type { Member, MemberRun } from './member.ts';

/** Opens a batch that is cut into batches of the model's own size. */
export function openInBatches(member: Member, rows: number, given: OptionValues): OpenBatch {
  const { executor, batchSize } = member;
  const options = member.optionsFor(given);
  if (rows <= batchSize) return executor.open(rows, options);
  const batches: OpenBatch[] = [];
  const batchOf = (at: number) => {
    const i = Math.floor(at / batchSize);
    return (batches[i] ??= executor.open(Math.min(batchSize, rows - i * batchSize), options));
  };
  return {
    prepare: (at, row) => batchOf(at).prepare(at % batchSize, row),
    async run(ready) {
      const timings = NO_TIME();
      const outcomes = [];
      for (const [i, batch] of batches.entries()) {
        const own = ready.flatMap((at) => (Math.floor(at / batchSize) === i ? [at % batchSize] : []));
        const ran = await batch.run(own);
        addTimings(timings, ran.timings);
        outcomes.push(ran.outcomes);
      }
      return { outcomes: joinOutcomes(outcomes), timings };
    },
  };
}

/** Makes a row for the model. It may have to decode an image. */
type InputOf = (at: number) => TaskInput | RowError | Promise<TaskInput | RowError>;

/**
 * Runs `count` rows. `inputOf` is called in order, one call at a time. Before the next call, the preparation of the row
 * has begun, so `inputOf` needs to hold only one image.
 */
export async function runInBatches(
  member: Member,
  given: OptionValues,
  count: number,
  inputOf: InputOf,
): Promise<MemberRun> {
  const timings = NO_TIME();
  const outcomes: RowOutcome[] = [];
  for (let from = 0; from < count; from += member.batchSize) {
    const rows = Math.min(member.batchSize, count - from);
    outcomes.push(...(await runBatch(member, given, rows, (i) => inputOf(from + i), timings)));
  }
  return { outcomes, timings };
}

async function runBatch(
  member: Member,
  given: OptionValues,
  rows: number,
  inputOf: InputOf,
  sum: InferenceTimings,
): Promise<RowOutcome[]> {
  const started = performance.now();
  const batch = member.executor.open(rows, member.optionsFor(given));
  const preparing: (RowError | null | Promise<RowError | null>)[] = [];
  for (let i = 0; i < rows; i++) {
    const making = inputOf(i);
    const input = making instanceof Promise ? await making : making;
    preparing.push('code' in input ? input : batch.prepare(i, input));
  }
  const errors = await Promise.all(preparing.map(async (row) => row));
  addTimings(sum, { ...NO_TIME(), decodeMs: performance.now() - started });
  const { outcomes, timings } = await runPrepared(batch, errors);
  addTimings(sum, timings);
  return unpackOutcomes(outcomes);
}
