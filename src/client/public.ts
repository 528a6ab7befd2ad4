/** The exports of `forebay/client`: the client, its errors and the types of its answers. Nothing else is public. */
export { createClient } from './client.ts';
export type { Client, JobsQuery } from './client.ts';
export type { EventsOptions, ResultsOptions, RowsOptions } from './job-streams.ts';
export type { PredictSettings } from './predict.ts';
export type { ClientOptions } from './transport.ts';
export { ProblemError, UnreachableError } from './problem-error.ts';
export type { JobEventWire as JobEvent } from '../api/http/wire/event.ts';
export type { JobBlocksWire as JobBlocks } from '../api/http/wire/blocks.ts';
export type { RowInput } from './row-input.ts';
export type { JobListWire as JobList } from '../api/http/wire/job-list.ts';
export type { JobWire as Job } from '../api/http/wire/job.ts';
export type { ModelListWire as ModelList, ModelWire as Model } from '../api/http/wire/model.ts';
export type {
  QueueListWire as QueueList,
  QueueWire as Queue,
  WorkerListWire as WorkerList,
  WorkerWire as Worker,
} from '../api/http/wire/overview.ts';
export type { PlanWire as Plan } from '../api/http/wire/plan.ts';
export type {
  PredictBody,
  PredictionsWire as Predictions,
  PredictionWire as Prediction,
  PredictOptions,
} from '../api/http/wire/predict.ts';
export type { PoolScaleWire as PoolScale, ScaleListWire as ScaleList } from '../api/http/wire/scale.ts';
export type { ResumeBody } from '../api/http/wire/resume-request.ts';
export type { ErrorRow, ResultRow } from '../api/http/wire/row.ts';
export type { JobStatsWire as JobStats } from '../api/http/wire/stats.ts';
export type { SubmitBody } from '../api/http/wire/submit-request.ts';
export type { DeliveriesWire as Deliveries } from '../api/http/wire/webhook.ts';
