/**
 * A batch on its way through a cascade: the first model answers all rows, and the rows of which it is not sure go on to the
 * next one, together.
 */
import { packOutcomes, unpackOutcomes } from '../../../shared/domain/outcomes.ts';
import type { FailedOutcome, RowOutcome } from '../../../shared/domain/row.ts';
import { MEMBER_ERRORS_FIELD, MODEL_FIELD } from '../../../shared/tasks/pipeline.ts';
import type { PipelineConfig } from '../../../shared/tasks/pipeline/pipeline-config.ts';
import type { OptionValues } from '../../../shared/tasks/task-description.ts';
import type { TaskOptionName } from '../../../shared/tasks/task-options.ts';
import { addTimings, NO_TIME } from '../models/inference.ts';
import { runPrepared, type OpenBatch } from '../models/open-batch.ts';
import type { TaskInput } from '../tasks/task.ts';
import { withField, withModel, withoutLow } from './combine.ts';
import { ofMember, orInvalid, scoredOutcome, type Member, type MemberRun } from './member.ts';
import { confidenceOf } from './scored.ts';

export interface CascadeParts {
  readonly config: PipelineConfig & Required<Pick<PipelineConfig, 'cascade'>>;
  readonly members: readonly Member[];
}

export function openCascade(
  rows: number,
  options: OptionValues,
  { config, members }: CascadeParts,
): OpenBatch {
  const { levels } = config.cascade!;
  const isPartial = config.on_member_error === 'partial';
  const asked = members.map((member, level) => askedOf(member, options, levels[level]!.threshold));
  const first = members[0]!.executor.open(rows, asked[0]!.options);
  const inputs = Array<TaskInput>(rows);

  /** Prepares and runs these rows at a later level. */
  async function runLevel(level: number, ready: readonly number[]): Promise<MemberRun> {
    const started = performance.now();
    const batch = members[level]!.executor.open(ready.length, asked[level]!.options);
    const errors = await Promise.all(ready.map(async (at, i) => batch.prepare(i, inputs[at]!)));
    const preparedMs = performance.now() - started;
    const { outcomes, timings } = await runPrepared(batch, errors);
    return {
      outcomes: unpackOutcomes(outcomes),
      timings: { ...timings, decodeMs: (timings.decodeMs ?? 0) + preparedMs },
    };
  }

  return {
    prepare(at, row) {
      inputs[at] = row;
      return first.prepare(at, row);
    },
    async run(ready) {
      const timings = NO_TIME();
      const answeredBy = new Map<string, number>();
      const count = (name: string) => answeredBy.set(name, (answeredBy.get(name) ?? 0) + 1);
      const answers = Array<RowOutcome>(rows);
      /** Answers of earlier levels, for rows that a later level fails on. */
      const unsure = new Map<number, { readonly result: string; readonly name: string }>();
      let left = ready;
      for (const [level, member] of members.entries()) {
        if (level > 0 && left.length === 0) break;
        const { outcomes, timings: more } =
          level === 0 ? await firstLevel(left) : await runLevel(level, left);
        addTimings(timings, more);
        const threshold = levels[level]!.threshold ?? 0;
        const { shownFrom } = asked[level]!;
        const shown = (result: string) => (shownFrom === null ? result : withoutLow(result, shownFrom));
        const goOn: number[] = [];
        for (const [i, at] of left.entries()) {
          const outcome = orInvalid(() => scoredOutcome(member, outcomes[i]!));
          const isSure =
            outcome.ok && confidenceOf({ result: outcome.result, isCode: member.isCode }) >= threshold;
          if (outcome.ok && (isSure || level === members.length - 1)) {
            answers[at] = { ok: true, result: withModel(shown(outcome.result), member.name) };
            count(member.name);
          } else if (outcome.ok) {
            unsure.set(at, { result: shown(outcome.result), name: member.name });
            goOn.push(at);
          } else {
            const before = unsure.get(at);
            answers[at] = fallback(before, member.name, outcome);
            if (answers[at].ok) count(before!.name);
          }
        }
        left = goOn;
      }
      for (const at of ready) inputs[at] = NOTHING;
      return { outcomes: packOutcomes(ready.map((at) => answers[at]!)), timings, answeredBy };
    },
  };

  async function firstLevel(ready: readonly number[]): Promise<MemberRun> {
    const { outcomes, timings } = await first.run(ready);
    return { outcomes: unpackOutcomes(outcomes), timings };
  }

  /** The outcome of a row on which a level has failed. */
  function fallback(
    before: { readonly result: string; readonly name: string } | undefined,
    name: string,
    outcome: FailedOutcome,
  ): RowOutcome {
    const failed = ofMember(name, outcome);
    if (!isPartial || before === undefined) return failed;
    const errors = [{ [MODEL_FIELD]: name, ...failed.error }];
    const result = withModel(before.result, before.name);
    return { ok: true, result: withField(result, MEMBER_ERRORS_FIELD, JSON.stringify(errors)) };
  }
}

interface Asked {
  readonly options: OptionValues;
  /** The lowest score that the answer shows. Null: the model leaves out the others itself. */
  readonly shownFrom: number | null;
}

/** `sure`: the threshold of the level. A model that leaves out its best class below `threshold` would never be sure. */
function askedOf(member: Member, options: OptionValues, sure: number | undefined): Asked {
  const own = member.optionsFor(options);
  const shown = own['threshold' satisfies TaskOptionName];
  if (sure === undefined || typeof shown !== 'number' || shown <= sure)
    return { options: own, shownFrom: null };
  return { options: member.optionsFor({ ...options, threshold: sure }), shownFrom: shown };
}

const NOTHING: TaskInput = { madeUp: null };
