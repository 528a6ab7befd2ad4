/** The options of a job as its spec stores them. */
import { z } from 'zod';
import { settledSchema } from '../option-schemas.ts';
import { JOB_OPTION_NAMES, jobOption, type SettledJobOptions } from './job-options.ts';

/** The value of an option that only a task understands. */
export const OPTION_VALUE = z.union([z.string(), z.number(), z.boolean(), z.null()]);
export type OptionValue = z.infer<typeof OPTION_VALUE>;

type JobOptionShape = { [Name in keyof SettledJobOptions]: z.ZodType<SettledJobOptions[Name]> };

/** The options that every job has. */
// TypeScript does not follow the names through the loop.
export const JOB_OPTION_SHAPE = Object.fromEntries(
  JOB_OPTION_NAMES.map((name) => [name, settledSchema(jobOption(name))]),
) as unknown as JobOptionShape;

/**
 * Options that the job runs with. Null: automatic or unlimited. The options of the model's task are also here. The
 * submit has checked them, and only the task reads them.
 */
export const JOB_OPTIONS = z.object(JOB_OPTION_SHAPE).catchall(OPTION_VALUE);
