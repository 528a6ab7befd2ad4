/** A batch on its way through an ensemble: every model answers every row, and the answers are combined. */
import { packOutcomes, unpackOutcomes } from '../../../shared/domain/outcomes.ts';
import type { RowError, RowOutcome } from '../../../shared/domain/row.ts';
import { MEMBER_ERRORS_FIELD, MODEL_FIELD } from '../../../shared/tasks/pipeline.ts';
import type { PipelineConfig } from '../../../shared/tasks/pipeline/pipeline-config.ts';
import type { OptionValues } from '../../../shared/tasks/task-description.ts';
import { addTimings, NO_TIME } from '../models/inference.ts';
import type { OpenBatch } from '../models/open-batch.ts';
import type { TaskInput } from '../tasks/task.ts';
import type { SharedRowBytes } from '../rows/shared-row-bytes.ts';
import { combine, combinesScores, needsAllClasses, withField } from './combine.ts';
import { ofMember, orInvalid, scoredOutcome, type Member } from './member.ts';
import type { Wanted } from './scored.ts';

/** As `top_k`, asks for all classes, because no model has so many. */
const ALL_CLASSES = 1_000_000;

export interface EnsembleParts {
  readonly config: PipelineConfig & Required<Pick<PipelineConfig, 'ensemble'>>;
  readonly members: readonly Member[];
  readonly rowBytes: SharedRowBytes;
}

type Prepared = RowError | null | Promise<RowError | null>;

export function openEnsemble(rows: number, options: OptionValues, parts: EnsembleParts): OpenBatch {
  const { config, members, rowBytes } = parts;
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
    return isPartial && early.every((errors) => errors[at] !== null) ? early[0]![at]! : null;
  }

  /** Returns an error that fails the row. */
  function keepError(member: number, at: number, error: RowError | null): RowError | null {
    early[member]![at] = error;
    return isPartial ? null : error;
  }

  async function runMember(i: number, ready: readonly number[]) {
    const good = ready.filter((at) => early[i]![at] === null);
    const { outcomes, timings } = await batches[i]!.run(good);
    const found = new Map<number, RowOutcome>();
    for (const [n, outcome] of unpackOutcomes(outcomes).entries()) found.set(good[n]!, outcome);
    return { found, timings };
  }

  return {
    prepare(at, row) {
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
    async run(ready) {
      const timings = NO_TIME();
      const answeredBy = new Map<string, number>();
      const found: ReadonlyMap<number, RowOutcome>[] = [];
      for (const i of members.keys()) {
        const ran = await runMember(i, ready);
        addTimings(timings, ran.timings);
        found.push(ran.found);
      }
      const started = performance.now();
      const combined = (at: number): RowOutcome => {
        const all = members.map((member, i) => {
          const answer = found[i]!.get(at) ?? { ok: false, error: early[i]![at]! };
          const outcome = mode === 'all' ? answer : scoredOutcome(member, answer);
          return outcome.ok ? outcome : ofMember(member.name, outcome);
        });
        const failed = all.find((outcome) => !outcome.ok);
        const answers = all.flatMap((outcome, i) => {
          const { name, isCode, numbers } = members[i]!;
          return outcome.ok
            ? [{ name, isCode, numbers, weight: named[i]!.weight ?? 1, result: outcome.result }]
            : [];
        });
        if (failed !== undefined && (!isPartial || answers.length === 0)) return failed;
        const { result, by } = combine(mode, answers, wanted);
        if (by !== null) answeredBy.set(by, (answeredBy.get(by) ?? 0) + 1);
        return {
          ok: true,
          result:
            failed === undefined
              ? result
              : withField(result, MEMBER_ERRORS_FIELD, memberErrors(members, all)),
        };
      };
      const outcomes = ready.map((at) => orInvalid(() => combined(at)));
      timings.postMs += performance.now() - started;
      return { outcomes: packOutcomes(outcomes), timings, answeredBy };
    },
  };
}

function memberErrors(members: readonly Member[], all: readonly RowOutcome[]): string {
  const errors = all.flatMap((outcome, i) =>
    outcome.ok
      ? []
      : [{ [MODEL_FIELD]: members[i]!.name, code: outcome.error.code, message: outcome.error.message }],
  );
  return JSON.stringify(errors);
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
