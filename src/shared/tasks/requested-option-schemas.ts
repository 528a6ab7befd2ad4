/** The schemas of the options that a request may give, and of those that a job shows. */
import { z } from 'zod';
import { JOB_OPTION_SHAPE } from '../domain/job/job-option-schemas.ts';
import type { RequestedValue } from '../domain/option.ts';
import { requestedSchema, settledSchema } from '../domain/option-schemas.ts';
import { OPTION_NAMES, optionNamed, type OPTION_TABLE, type OptionName } from './requested-options.ts';
import { TASK_OPTION_NAMES, taskOption, type TaskOptionName, type TaskOptions } from './task-options.ts';

type Value<Name extends OptionName> = RequestedValue<(typeof OPTION_TABLE)[Name]>;
type RequestedShape = { [Name in OptionName]: z.ZodOptional<z.ZodType<Value<Name>, Value<Name>>> };
type ShownTaskShape = { [Name in TaskOptionName]: z.ZodOptional<z.ZodType<TaskOptions[Name] | null>> };

/** Every option is optional, and has a description for the OpenAPI document. */
// TypeScript does not follow the names through the loops.
export const REQUESTED_SHAPE = Object.fromEntries(
  OPTION_NAMES.map((name) => [name, requestedSchema(optionNamed(name))]),
) as unknown as RequestedShape;

/** A job shows the options of every job, and those of its model's task. */
export const SHOWN_OPTIONS = z.object({
  ...JOB_OPTION_SHAPE,
  ...(Object.fromEntries(
    TASK_OPTION_NAMES.map((name) => [name, settledSchema(taskOption(name)).nullable().optional()]),
  ) as unknown as ShownTaskShape),
});
