/** The values of a task's options: what a job stores, and what a batch runs with. */
import type { ModelConfig } from '../domain/model/model-config.ts';
import { ForebayError, type Issue } from '../errors.ts';
import type { AskedOptions } from './requested-options.ts';
import type { OptionValues } from './task-description.ts';
import { taskOf } from './task-descriptions.ts';
import { TASK_OPTION_NAMES, taskOption } from './task-options.ts';

/**
 * What a job stores of its task's options. Null: left to the model. Throws ForebayError `invalid_request` for an option that
 * the model's task does not have, and for a value that the model does not have.
 */
export function settleTaskOptions(config: ModelConfig | null, asked: AskedOptions): OptionValues {
  const task = taskOf(config);
  const defaults = task.defaults(config);
  const foreign = TASK_OPTION_NAMES.filter(
    (name) => asked[name] !== undefined && asked[name] !== null && !task.options.includes(name),
  );
  if (foreign.length > 0) throw notOptionsOf(task.id, task.options, foreign);
  const issues = (config !== null && task.whyNot?.(config, asked as OptionValues)) || [];
  if (issues.length > 0) throw refused(issues);
  return Object.fromEntries(
    task.options.map((name) => {
      const value = asked[name] ?? null;
      const isSettled = value === null && taskOption(name).otherwise === 'settled';
      return [name, isSettled ? (defaults[name] ?? null) : value];
    }),
  );
}

/** What a batch runs with, from the stored options of a job of any version. Null: the model has no value either. */
export function effectiveOptions(config: ModelConfig | null, stored: OptionValues): OptionValues {
  const task = taskOf(config);
  const defaults = task.defaults(config);
  return Object.fromEntries(task.options.map((name) => [name, stored[name] ?? defaults[name] ?? null]));
}

function notOptionsOf(task: string, options: readonly string[], foreign: readonly string[]): ForebayError {
  const list = options.length === 0 ? 'It has none.' : `It has ${options.join(', ')}.`;
  const message = (name: string) => `the model's task "${task}" has no option ${name}. ${list}`;
  const issues: Issue[] = foreign.map((name) => ({ path: `/options/${name}`, message: message(name) }));
  return refused(issues);
}

function refused(issues: readonly Issue[]): ForebayError {
  return new ForebayError('invalid_request', issues.map((issue) => issue.message).join('; '), { issues });
}
