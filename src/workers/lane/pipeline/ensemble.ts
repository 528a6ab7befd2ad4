/** A batch on its way through an ensemble: every model answers every row, and the answers are combined. */
import { amongFailed, packOutcomes, unpackOutcomes } from '../../../shared/domain/outcomes.ts';
import type { RowError, RowOutcome } from '../../../shared/domain/row.ts';
import { MEMBER_ERRORS_FIELD, MODEL_FIELD } from '../../../shared/tasks/pipeline.ts';
import type { PipelineConfig } from '../../../shared/tasks/pipeline/pipeline-config.ts';
import type { OptionValues } from '../../../shared/tasks/task-description.ts';
import { addTimings, NO_TIME, type RunCalls } from '../models/inference.ts';
import type { OpenBatch } from '../models/open-batch.ts';
import type { TaskInput } from '../tasks/task.ts';
import type { SharedRowBytes } from '../rows/shared-row-bytes.ts';
import { combine, combinesScores, needsAllClasses, withField, type MemberAnswer } from './combine.ts';
import { ofMember, orInvalid, scoredOutcome, type Member, type MemberRun } from './member.ts';
import type { Wanted } from './scored.ts';

/** As `top_k`, asks for all classes, because no model has so many. */
const ALL_CLASSES = 1_000_000;

export interface EnsembleParts {
  readonly config: PipelineConfig & Required<Pick<PipelineConfig, 'ensemble'>>;
  readonly members: readonly Member[];
  readonly rowBytes: SharedRowBytes;
  /** Decode threads prepare the rows of all models, so this thread reads no files. */
  readonly inThreads: boolean;
}

type Prepared = RowError | null | Promise<RowError | null>;

export function openEnsemble(rows: number, options: OptionValues, parts: EnsembleParts): OpenBatch {
  const { config, members, rowBytes, inThreads } = parts;
  const { combine: mode, members: named } = config.ensemble!;
  const isPartial = config.on_member_error === 'partial';
  const wanted: Wanted = { topK: numberOf(options['top_k']), threshold: numberOf(options['threshold']) };
  const asked = {
    ...options,
    ...(combinesScores(mode) && { threshold: 0 }),
    ...(needsAllClasses(mode) && { top_k: ALL_CLASSES }),
  };
  const batches = members.map((member) => member.executor.open(rows, member.optionsFor(asked)));
  /** By member, then by row. */
  const early = members.map(() => Array<RowError | null>(rows).fill(null));

  /** One model after the other, so that the second one finds the image that the first one has decoded. */
  function prepareFrom(first: number, at: number, row: TaskInput): Prepared {
    for (let member = first; member < batches.length; member++) {
      const done = batches[member]!.prepare(at, row);
      if (done instanceof Promise) {
        return done.then((error) => keepError(member, at, error) ?? prepareFrom(member + 1, at, row));
      }
      const failed = keepError(member, at, done);
      if (failed !== null) return failed;
    }
    return allFailed(at);
  }

  /** All models in one turn of the event loop, so that the threads get the row once. */
  async function prepareTogether(at: number, row: TaskInput): Promise<RowError | null> {
    const errors = await Promise.all(batches.map(async (batch) => batch.prepare(at, row)));
    return errors.map((error, i) => keepError(i, at, error)).find((error) => error !== null) ?? allFailed(at);
  }

  function allFailed(at: number): RowError | null {
    return isPartial && early.every((errors) => errors[at] !== null) ? early[0]![at]! : null;
  }

  /** Returns an error that fails the row. */
  function keepError(member: number, at: number, error: RowError | null): RowError | null {
    early[member]![at] = error;
    return isPartial ? null : error;
  }

  /** One outcome per row that is ready. */
  async function runMember(i: number, ready: readonly number[], how?: RunCalls): Promise<MemberRun> {
    const errors = ready.map((at) => early[i]![at]!);
    const good = ready.filter((_, n) => errors[n] === null);
    const { outcomes, timings } = await batches[i]!.run(good, how);
    return { outcomes: unpackOutcomes(amongFailed(errors, outcomes)), timings };
  }

  return {
    prepare(at, row) {
      if (inThreads) return prepareTogether(at, row);
      if ('json' in row || 'madeUp' in row) return prepareFrom(0, at, row);
      // The models themselves say why a row cannot be read.
      const alone = () => prepareFrom(0, at, row);
      try {
        const done = rowBytes.hold(row, alone);
        return done instanceof Promise ? done.catch(alone) : done;
      } catch {
        return alone();
      }
    },
    async run(ready, how) {
      const timings = NO_TIME();
      const answeredBy = new Map<string, number>();
      const found: (readonly RowOutcome[])[] = [];
      for (const i of members.keys()) {
        if (i > 0) await how?.between?.();
        const ran = await runMember(i, ready, how);
        addTimings(timings, ran.timings);
        found.push(ran.outcomes);
      }
      const started = performance.now();
      const combined = (n: number): RowOutcome => {
        const answers: MemberAnswer[] = [];
        const failed: MemberError[] = [];
        for (const [i, member] of members.entries()) {
          const { name, isCode, numbers } = member;
          const answer = found[i]![n]!;
          const outcome = mode === 'all' ? answer : scoredOutcome(member, answer);
          if (outcome.ok) {
            const weight = named[i]!.weight ?? 1;
            answers.push({ name, isCode, numbers, weight, result: outcome.result });
          } else failed.push({ [MODEL_FIELD]: name, ...ofMember(name, outcome).error });
        }
        const [first] = failed;
        if (first !== undefined && (!isPartial || answers.length === 0))
          return { ok: false, error: { code: first.code, message: first.message } };
        const { result, by } = combine(mode, answers, wanted);
        if (by !== null) answeredBy.set(by, (answeredBy.get(by) ?? 0) + 1);
        return {
          ok: true,
          result:
            first === undefined ? result : withField(result, MEMBER_ERRORS_FIELD, JSON.stringify(failed)),
        };
      };
      const outcomes = ready.map((_, n) => orInvalid(() => combined(n)));
      timings.postMs += performance.now() - started;
      return { outcomes: packOutcomes(outcomes), timings, answeredBy };
    },
  };
}

type MemberError = RowError & { readonly [MODEL_FIELD]: string };

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
