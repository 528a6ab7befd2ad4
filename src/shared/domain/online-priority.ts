/** Priorities of online requests, as of jobs. */
import { JOB_OPTION_TABLE } from './job/job-options.ts';

const { value, otherwise } = JOB_OPTION_TABLE.priority;
/** Answered first. */
export const HIGHEST_PRIORITY = value.min;
export const LOWEST_PRIORITY = value.max;
export const DEFAULT_PRIORITY = otherwise;
