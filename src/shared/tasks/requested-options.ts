/** The options that a request may give: those of every job, and those of all tasks. */
import {
  valueIfOmitted,
  type AskedValue,
  type OptionDeclaration,
  type RequestedValue,
} from '../domain/option.ts';
import { JOB_OPTION_TABLE, type JobOptionName } from '../domain/job/job-options.ts';
import { TASK_OPTION_TABLE, type TaskOptionName } from './task-options.ts';

const { limit, row_versions, cache, ...first } = JOB_OPTION_TABLE;

/**
 * The digest of a request covers its options in this order (see RequestWithDefaults), so the order must not change. A new
 * option goes to the end, and is left out of the digest unless a request gives it (see FIRST_OPTIONS).
 */
const { top_k, decode, ...later } = TASK_OPTION_TABLE;
export const OPTION_TABLE = { ...first, top_k, decode, limit, ...later, row_versions, cache } as const;

/** Those that the first version did not have. */
type LaterName = TaskOptionName | 'row_versions' | 'cache';

type Table = typeof OPTION_TABLE;
export type OptionName = keyof Table;

export type RequestedOptions = { readonly [Name in OptionName]?: RequestedValue<Table[Name]> | undefined };
/** An option that the first version did not have is absent if the request does not give it. */
export type AskedOptions = {
  readonly [Name in Exclude<JobOptionName, LaterName>]: AskedValue<Table[Name]>;
} & {
  readonly [Name in LaterName]?: AskedValue<Table[Name]> | undefined;
};

export const OPTION_NAMES = Object.keys(OPTION_TABLE) as readonly OptionName[];

/** The options of the first version. The digest of a request covers them all. */
const FIRST_OPTIONS: readonly string[] = [...Object.keys(first), 'top_k', 'decode', 'limit'];

export function optionNamed(name: OptionName): OptionDeclaration {
  return OPTION_TABLE[name];
}

/** A request's options with the defaults filled in, in the order of the table. */
export function withDefaultOptions(requested: RequestedOptions): AskedOptions {
  const asked: Partial<Record<OptionName, unknown>> = {};
  for (const name of OPTION_NAMES) {
    const value = requested[name];
    if (value !== undefined && value !== 'auto') asked[name] = value;
    else if (FIRST_OPTIONS.includes(name)) asked[name] = valueIfOmitted(optionNamed(name));
  }
  return asked as AskedOptions;
}
