/** A batch on its way through a chain. Each step gets the rows that go on, or crops of them, in batches of its own. */
import { packOutcomes, unpackOutcomes } from '../../../shared/domain/outcomes.ts';
import type { FailedOutcome } from '../../../shared/domain/row.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { ChainStep } from '../../../shared/tasks/pipeline/chain-config.ts';
import type { OptionValues } from '../../../shared/tasks/task-description.ts';
import { addTimings, NO_TIME, type InferenceTimings } from '../models/inference.ts';
import type { OpenBatch } from '../models/open-batch.ts';
import { invalidAnswer } from '../predictor/answers.ts';
import type { TaskInput } from '../tasks/task.ts';
import { failStep, isGoing, newRow, objectFits, outcomeOf, rowFits, type ChainRow } from './chain-row.ts';
import type { CropSource } from './crop-source.ts';
import { objectsIn, type FoundObject } from './found-objects.ts';
import { openInBatches, runInBatches } from './in-batches.ts';
import { scoredOutcome, type Member, type MemberRun } from './member.ts';

export interface ChainParts {
  readonly steps: readonly ChainStep[];
  readonly members: readonly Member[];
  readonly isPartial: boolean;
  /** By step, for the detectors whose objects later steps get as crops. */
  readonly crops: ReadonlyMap<number, CropSource>;
}

export function openChain(
  rows: number,
  options: OptionValues,
  { steps, members, isPartial, crops }: ChainParts,
): OpenBatch {
  const first = openInBatches(members[0]!, rows, options);
  const inputs = Array<TaskInput>(rows);
  const deciders = new Set(steps.map(({ when }) => when?.of));

  async function runFirst(all: readonly ChainRow[], timings: InferenceTimings): Promise<void> {
    const ran = await first.run(all.map(({ at }) => at));
    addTimings(timings, ran.timings);
    take(0, all, unpackOutcomes(ran.outcomes));
  }

  async function runRows(step: number, all: readonly ChainRow[], timings: InferenceTimings): Promise<void> {
    const { when } = steps[step]!;
    const going: ChainRow[] = [];
    for (const row of all.filter(isGoing)) {
      if (when === null || rowFits(row, when)) going.push(row);
      else row.state = { is: 'stopped' };
    }
    const ran = await runInBatches(members[step]!, options, going.length, (i) => going[i]!.input);
    addTimings(timings, ran.timings);
    take(step, going, ran.outcomes);
  }

  /** Gives rows the answers of a step. */
  function take(step: number, to: readonly ChainRow[], outcomes: MemberRun['outcomes']): void {
    for (const [i, row] of to.entries()) {
      const outcome = deciders.has(step) ? scoredOutcome(members[step]!, outcomes[i]!) : outcomes[i]!;
      const failure = outcome.ok ? findObjects(step, row, outcome.result) : outcome;
      if (failure !== null) {
        failStep(row, steps[step]!, failure, { isPartial });
        if (isGoing(row)) row.state = { is: 'stopped' };
      } else if (outcome.ok) {
        row.answers.set(step, outcome.result);
        row.last = step;
      }
    }
  }

  /** Returns why there are no objects in an answer that should have some. */
  function findObjects(step: number, row: ChainRow, result: string): FailedOutcome | null {
    if (!crops.has(step) && !(deciders.has(step) && result.includes('"detections":'))) return null;
    try {
      row.objects.set(step, objectsIn(result));
      return null;
    } catch (error) {
      return invalidAnswer(`the answer has no objects to cut out: ${messageOf(error)}`);
    }
  }

  async function runCrops(step: number, all: readonly ChainRow[], timings: InferenceTimings): Promise<void> {
    const { detector, maxCrops } = steps[step]!;
    const source = crops.get(detector!)!;
    const wanted: { readonly row: ChainRow; readonly object: FoundObject; readonly number: number }[] = [];
    for (const row of all.filter(isGoing)) {
      const fitting = row.objects
        .get(detector!)!
        .flatMap((object, number) => (objectFits(object, steps[step]!) ? [{ row, object, number }] : []));
      row.leftOut += Math.max(0, fitting.length - maxCrops);
      wanted.push(...fitting.slice(0, maxCrops));
    }
    const cutter = source.open(options);
    const ran = await runInBatches(members[step]!, options, wanted.length, (i) =>
      cutter.cut(wanted[i]!.row.input, wanted[i]!.object.box),
    );
    addTimings(timings, ran.timings);
    for (const [i, { row, object, number }] of wanted.entries()) {
      const outcome = deciders.has(step) ? scoredOutcome(members[step]!, ran.outcomes[i]!) : ran.outcomes[i]!;
      if (outcome.ok) {
        object.answers.set(step, outcome.result);
        row.last = step;
      } else if (isGoing(row)) failStep(row, steps[step]!, outcome, { isPartial, where: `object ${number}` });
    }
  }

  return {
    prepare(at, row) {
      inputs[at] = row;
      return first.prepare(at, row);
    },
    async run(ready) {
      const timings = NO_TIME();
      const all = ready.map((at) => newRow(at, inputs[at]!));
      try {
        await runFirst(all, timings);
        for (let step = 1; step < steps.length; step++) {
          await (steps[step]!.detector === null ? runRows : runCrops)(step, all, timings);
        }
      } finally {
        for (const source of crops.values()) source.drop(inputs);
      }
      const started = performance.now();
      const outcomes = all.map((row) => outcomeOf(row, steps));
      timings.postMs += performance.now() - started;
      return { outcomes: packOutcomes(outcomes), timings, answeredBy: countLast(all, steps) };
    },
  };
}

/** By model: the number of rows that it was the last to answer. */
function countLast(rows: readonly ChainRow[], steps: readonly ChainStep[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { state, last } of rows) {
    if (state.is === 'failed') continue;
    const { model } = steps[last]!;
    counts.set(model, (counts.get(model) ?? 0) + 1);
  }
  return counts;
}
