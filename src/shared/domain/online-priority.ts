/** Priorities of online requests, as of jobs. */
import { jobOption } from './job/job-options.ts';

/** First. */
export const HIGHEST_PRIORITY = 1;
export const LOWEST_PRIORITY = 100;
export const DEFAULT_PRIORITY = Number(jobOption('priority').otherwise);
