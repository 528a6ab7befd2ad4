/** The typed client of the HTTP API. It imports only types from the API. */
import type { JobEventWire } from '../api/http/wire/event.ts';
import type { JobBlocksWire } from '../api/http/wire/blocks.ts';
import type { JobListWire } from '../api/http/wire/job-list.ts';
import type { JobWire } from '../api/http/wire/job.ts';
import type { ModelListWire, ModelWire } from '../api/http/wire/model.ts';
import type { QueueListWire, WorkerListWire, WorkerWire } from '../api/http/wire/overview.ts';
import type { PoolScaleWire, ScaleListWire } from '../api/http/wire/scale.ts';
import type { PlanWire } from '../api/http/wire/plan.ts';
import type { ErrorRow, ResultRow } from '../api/http/wire/row.ts';
import type { JobStatsWire } from '../api/http/wire/stats.ts';
import type { ResumeBody } from '../api/http/wire/resume-request.ts';
import type { SubmitBody } from '../api/http/wire/submit-request.ts';
import type { DeliveriesWire } from '../api/http/wire/webhook.ts';
import {
  createJobStreams,
  type EventsOptions,
  type ResultsOptions,
  type RowsOptions,
} from './job-streams.ts';
import { createPredictor, type Predictor } from './predict.ts';
import { readRowInput, type RowInput } from './row-input.ts';
import { createTransport, type ClientOptions } from './transport.ts';

export interface JobsQuery {
  readonly limit?: number;
  readonly cursor?: string;
  readonly status?: readonly string[];
}

/**
 * All methods except `ready` reject with ProblemError (the service refused) or UnreachableError (nothing answers).
 * Those that take a signal reject as `fetch` does once it is aborted.
 */
export interface Client extends Predictor {
  submit(body: SubmitBody, options?: { idempotencyKey?: string }): Promise<JobWire>;
  /** What the job would do, and how fast. Takes some seconds. */
  plan(body: SubmitBody): Promise<PlanWire>;
  job(id: string): Promise<JobWire>;
  jobs(query?: JobsQuery): Promise<JobListWire>;
  cancel(id: string): Promise<JobWire>;
  pause(id: string): Promise<JobWire>;
  resume(id: string): Promise<JobWire>;
  /** Creates a job from the failed rows of an ended one, with the same output. */
  retry(id: string): Promise<JobWire>;
  /** Creates a job that finishes the output in a folder. */
  resumeOutput(body: ResumeBody): Promise<JobWire>;
  /** The last deliveries of the job's webhook, newest first. */
  deliveries(id: string): Promise<DeliveriesWire>;
  stats(id: string): Promise<JobStatsWire>;
  /** The states of its blocks. */
  blocks(id: string): Promise<JobBlocksWire>;
  models(): Promise<ModelListWire>;
  /** `name` may end with a version or an alias: `resnet50@2`. */
  model(name: string): Promise<ModelWire>;
  /** Asks workers to load a model. Does not wait for them. */
  loadModel(name: string): Promise<ModelWire>;
  /** Asks workers to unload a model when its running jobs have ended. Does not wait for them. */
  unloadModel(name: string): Promise<ModelWire>;
  /** Results as rows. Leaving the loop ends the request. */
  results(id: string, options?: ResultsOptions): AsyncGenerator<ResultRow | ErrorRow, void, undefined>;
  /** Results as sent, one line of JSON per row. */
  resultLines(id: string, options?: ResultsOptions): AsyncGenerator<string, void, undefined>;
  errors(id: string, options?: RowsOptions): AsyncGenerator<ErrorRow, void, undefined>;
  errorLines(id: string, options?: RowsOptions): AsyncGenerator<string, void, undefined>;
  /** The input of the row: its file, or its record as JSON. */
  rowInput(id: string, index: number, options?: { readonly signal?: AbortSignal }): Promise<RowInput>;
  /** Events until the job has ended. Reconnects after an interruption. */
  events(id: string, options?: EventsOptions): AsyncGenerator<JobEventWire, void, undefined>;
  /** Live workers. Needs the scope `service:read`. */
  workers(): Promise<WorkerListWire>;
  /** Asks a worker to take no more work and finish what it holds. Does not wait for it. Needs the scope `admin`. */
  drainWorker(id: string): Promise<WorkerWire>;
  /** Asks a drained worker to take work again. Does not wait for it. Needs the scope `admin`. */
  resumeWorker(id: string): Promise<WorkerWire>;
  /** Queues of active jobs and live workers. Needs the scope `service:read`. */
  queues(): Promise<QueueListWire>;
  /** How many workers each pool with workers or jobs should have. */
  scales(): Promise<ScaleListWire>;
  /** How many workers a pool should have. */
  scale(pool: string): Promise<PoolScaleWire>;
  ready(): Promise<boolean>;
}

export function createClient(options: ClientOptions): Client {
  const transport = createTransport(options);
  const { call, send } = transport;
  const { lines, events } = createJobStreams(transport);

  const post = <T>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<T> =>
    call<T>(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  const modelPath = (name: string) => `/v1/models/${encodeURIComponent(name)}`;
  const workerPath = (id: string) => `/v1/workers/${encodeURIComponent(id)}`;
  const jobPath = (id: string) => `/v1/jobs/${encodeURIComponent(id)}`;
  const control = (verb: string) => (id: string) =>
    call<JobWire>(`${jobPath(id)}/${verb}`, { method: 'POST' });

  const resultLines = (id: string, given: ResultsOptions = {}) => lines(`${jobPath(id)}/results`, given);
  const errorLines = (id: string, given: RowsOptions = {}) =>
    lines(`${jobPath(id)}/errors`, { ...given, includeErrors: false });

  return {
    submit: (body, { idempotencyKey } = {}) =>
      post('/v1/jobs', body, idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey }),
    plan: (body) => post('/v1/plan', body),
    job: (id) => call(jobPath(id)),
    jobs({ limit, cursor, status } = {}) {
      const query = new URLSearchParams();
      if (limit !== undefined) query.set('limit', String(limit));
      if (cursor !== undefined) query.set('cursor', cursor);
      if (status !== undefined && status.length > 0) query.set('status', status.join(','));
      return call(`/v1/jobs?${query.toString()}`);
    },
    cancel: control('cancel'),
    pause: control('pause'),
    resume: control('resume'),
    retry: control('retry'),
    resumeOutput: (body) => post('/v1/jobs/resume', body),
    deliveries: (id) => call(`${jobPath(id)}/deliveries`),
    stats: (id) => call(`${jobPath(id)}/stats`),
    blocks: (id) => call(`${jobPath(id)}/blocks`),
    models: () => call('/v1/models'),
    model: (name) => call(modelPath(name)),
    loadModel: (name) => call(`${modelPath(name)}/load`, { method: 'POST' }),
    ...createPredictor(transport),
    unloadModel: (name) => call(`${modelPath(name)}/unload`, { method: 'POST' }),
    workers: () => call('/v1/workers'),
    drainWorker: (id) => call(`${workerPath(id)}/drain`, { method: 'POST' }),
    resumeWorker: (id) => call(`${workerPath(id)}/resume`, { method: 'POST' }),
    queues: () => call('/v1/queues'),
    scales: () => call('/v1/scale'),
    scale: (pool) => call(`/v1/scale/${encodeURIComponent(pool)}`),
    resultLines,
    errorLines,
    results: (id, given) => parsed<ResultRow | ErrorRow>(resultLines(id, given)),
    errors: (id, given) => parsed<ErrorRow>(errorLines(id, given)),
    async rowInput(id, index, { signal } = {}) {
      const response = await send(`${jobPath(id)}/rows/${index}/input`, signal ? { signal } : {});
      return readRowInput(response);
    },
    events: (id, given = {}) => events(`${jobPath(id)}/events`, given),
    async ready() {
      try {
        await send('/readyz');
        return true;
      } catch {
        return false;
      }
    },
  };
}

async function* parsed<T>(lines: AsyncGenerator<string>): AsyncGenerator<T, void, undefined> {
  for await (const line of lines) yield JSON.parse(line) as T;
}
