/** The job that a new job continues. Checks what both must have in common, and finds what is computed again. */
import type { JobOptions, JobSpec } from '../../../shared/domain/job/job.ts';
import type { ModelConfig, ModelRef } from '../../../shared/domain/model/model-config.ts';
import { ForebayError } from '../../../shared/errors.ts';
import { effectiveOptions } from '../../../shared/tasks/option-values.ts';

/** How the spec of a new job names the earlier one, so that its feeder can find it in the output. */
export function continuedJob(earlier: JobSpec): { job: string; model_hash: string } {
  return { job: earlier.id, model_hash: earlier.model.hash };
}

export interface CurrentModel {
  readonly ref: ModelRef;
  readonly config: ModelConfig | null;
}

/**
 * For submits and their plans, which name a dataset. Throws ForebayError `resume_mismatch` if the output holds a retry,
 * whose rows are only the failed ones, and as `checkResume` does.
 */
export function checkSubmitResume(earlier: JobSpec, model: CurrentModel, options: JobOptions): void {
  if (earlier.retry_of !== null) {
    throw new ForebayError(
      'resume_mismatch',
      `The output holds a retry (job ${earlier.id}) of a complete job. To finish the retry, resume it from the output alone ` +
        '(POST /v1/jobs/resume with the output). For other rows choose another output.',
    );
  }
  checkResume(earlier, model, options);
}

/** Throws ForebayError `resume_mismatch` if rows of both jobs would not fit together. */
export function checkResume(earlier: JobSpec, model: CurrentModel, options: JobOptions): void {
  const differences = settingsThatDiffer(earlier, model, options);
  if (options.limit !== null && options.limit < (earlier.options.limit ?? Infinity)) {
    differences.push(`limit ${earlier.options.limit ?? 'none'} then, ${options.limit} now`);
  }
  if (differences.length === 0) return;
  throw new ForebayError(
    'resume_mismatch',
    `The output was started with other settings, so its rows would not fit together: ${differences.join('; ')}. ` +
      'Use the same settings, or another output.',
  );
}

/** What differs from an earlier job: the model, and the options that change answers. */
export function settingsThatDiffer(
  earlier: JobSpec,
  { ref: model, config }: CurrentModel,
  options: JobOptions,
): string[] {
  const differences: string[] = [];
  if (earlier.model.hash !== model.hash) {
    differences.push(
      `model ${earlier.model.name} (${earlier.model.hash.slice(0, 12)}) then, ${model.name} (${model.hash.slice(0, 12)}) now`,
    );
  }
  const before = effectiveOptions(config, earlier.options);
  for (const [name, now] of Object.entries(effectiveOptions(config, options))) {
    const then = before[name];
    if (then !== now) differences.push(`${name} ${then ?? "the model's"} then, ${now ?? "the model's"} now`);
  }
  return differences;
}

/** The block that an earlier, smaller `limit` cut short. Only this block gets more rows now. */
export function cutBlock(earlier: JobOptions, now: JobOptions): number | null {
  const { limit, block_rows } = earlier;
  if (limit === null || limit === now.limit || limit % block_rows === 0) return null;
  return Math.floor(limit / block_rows);
}
