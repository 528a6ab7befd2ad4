/** What `forebay/client` exports: the client, its errors and the types of its answers. Nothing else of Forebay is public. */
export { createClient } from './client.ts';
export type { Client, EventsOptions, JobsQuery, ResultsOptions, RowsOptions } from './client.ts';
export { ProblemError, UnreachableError } from './problem-error.ts';
export type { JobEventWire as JobEvent } from '../api/wire/event.ts';
export type { JobListWire as JobList } from '../api/wire/job-list.ts';
export type { JobWire as Job } from '../api/wire/job.ts';
export type { ModelListWire as ModelList, ModelWire as Model } from '../api/wire/model.ts';
export type { PlanWire as Plan } from '../api/wire/plan.ts';
export type { ResumeBody } from '../api/wire/resume-request.ts';
export type { ErrorRow, ResultRow } from '../api/wire/row.ts';
export type { JobStatsWire as JobStats } from '../api/wire/stats.ts';
export type { SubmitBody } from '../api/wire/submit-request.ts';
export type { DeliveriesWire as Deliveries } from '../api/wire/webhook.ts';
