/** The typed client of the HTTP API. Knows the wire by its types only. */
import type { JobEventWire } from '../api/http/wire/event.ts';
import type { JobListWire } from '../api/http/wire/job-list.ts';
import type { JobWire } from '../api/http/wire/job.ts';
import type { ModelListWire, ModelWire } from '../api/http/wire/model.ts';
import type { PlanWire } from '../api/http/wire/plan.ts';
import type { ErrorRow, ResultRow } from '../api/http/wire/row.ts';
import type { JobStatsWire } from '../api/http/wire/stats.ts';
import type { ResumeBody } from '../api/http/wire/resume-request.ts';
import type { SubmitBody } from '../api/http/wire/submit-request.ts';
import type { DeliveriesWire } from '../api/http/wire/webhook.ts';
import { problemOf, ProblemError, UnreachableError } from './problem-error.ts';
import { readEvents } from './read-events.ts';
import { readLines } from './read-lines.ts';

export interface RowsOptions {
  readonly fromRow?: number;
  /** Wait for the rest until the job ends; survives broken connections. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

export interface ResultsOptions extends RowsOptions {
  /** Merge the rows that failed, in row order. */
  readonly includeErrors?: boolean;
}

export interface EventsOptions {
  /** Events after this one; without it a snapshot comes first. */
  readonly lastEventId?: string;
  readonly signal?: AbortSignal;
}

export interface JobsQuery {
  readonly limit?: number;
  readonly cursor?: string;
  readonly status?: readonly string[];
}

/** All methods throw ProblemError (the service refused) or UnreachableError (nothing answers). */
export interface Client {
  submit(body: SubmitBody, options?: { idempotencyKey?: string }): Promise<JobWire>;
  /** What would happen to the job, and how fast; takes some seconds. */
  plan(body: SubmitBody): Promise<PlanWire>;
  job(id: string): Promise<JobWire>;
  jobs(query?: JobsQuery): Promise<JobListWire>;
  cancel(id: string): Promise<JobWire>;
  pause(id: string): Promise<JobWire>;
  resume(id: string): Promise<JobWire>;
  /** A new job of the rows that failed in an ended one, into the same output. */
  retry(id: string): Promise<JobWire>;
  /** A new job that finishes what an output folder holds. */
  resumeOutput(body: ResumeBody): Promise<JobWire>;
  /** The last tries of the job's webhook, newest first. */
  deliveries(id: string): Promise<DeliveriesWire>;
  stats(id: string): Promise<JobStatsWire>;
  models(): Promise<ModelListWire>;
  model(name: string): Promise<ModelWire>;
  /** Results as rows; leaving the loop ends the request. */
  results(id: string, options?: ResultsOptions): AsyncGenerator<ResultRow | ErrorRow, void, undefined>;
  /** Results as they are on the wire, a line of JSON each. */
  resultLines(id: string, options?: ResultsOptions): AsyncGenerator<string, void, undefined>;
  errors(id: string, options?: RowsOptions): AsyncGenerator<ErrorRow, void, undefined>;
  errorLines(id: string, options?: RowsOptions): AsyncGenerator<string, void, undefined>;
  /** Events until the job has ended, connecting again where it breaks off. */
  events(id: string, options?: EventsOptions): AsyncGenerator<JobEventWire, void, undefined>;
  ready(): Promise<boolean>;
}

/** Between attempts to connect again, ms: doubled up to the last. */
const RETRY_MS = [250, 500, 1000, 2000, 4000];

/**
 * `apiKey`: where the service asks for one; it is sent to `url` and nowhere else. `fetch`: Node's own unless given.
 */
export function createClient(options: { url: string; apiKey?: string; fetch?: typeof fetch }): Client {
  const base = options.url.replace(/\/+$/, '');
  const doFetch = options.fetch ?? fetch;
  const auth = options.apiKey === undefined ? {} : { Authorization: `Bearer ${options.apiKey}` };

  async function send(path: string, init: RequestInit = {}): Promise<Response> {
    let response: Response;
    try {
      response = await doFetch(`${base}${path}`, {
        ...init,
        headers: { ...(init.headers as Record<string, string> | undefined), ...auth },
      });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new UnreachableError(base, error);
    }
    if (!response.ok) throw await problemOf(response);
    return response;
  }

  async function call<T>(path: string, init?: RequestInit): Promise<T> {
    const response = await send(path, init);
    try {
      return (await response.json()) as T;
    } catch (error) {
      throw new UnreachableError(base, error);
    }
  }

  const post = <T>(path: string, body: unknown): Promise<T> =>
    call<T>(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });

  const jobPath = (id: string) => `/v1/jobs/${encodeURIComponent(id)}`;
  const control = (verb: string) => (id: string) =>
    call<JobWire>(`${jobPath(id)}/${verb}`, { method: 'POST' });

  async function* lines(path: string, given: ResultsOptions): AsyncGenerator<string, void, undefined> {
    const { signal, follow = false } = given;
    let fromRow = given.fromRow ?? 0;
    for (let failures = 0; ;) {
      const query = new URLSearchParams({ from_row: String(fromRow), follow: String(follow) });
      if (given.includeErrors) query.set('include', 'errors');
      const response = await retried(failures, () => send(`${path}?${query.toString()}`, init({}, signal)));
      try {
        for await (const line of readLines(response.body!)) {
          // Cut off in the middle: the row is read again.
          const { index } = JSON.parse(line) as { index: number };
          yield line;
          fromRow = index + 1;
          failures = 0;
        }
        return;
      } catch (error) {
        if (signal?.aborted) throw error;
        failures += 1;
        if (!follow || failures > RETRY_MS.length) throw new UnreachableError(base, error);
        await pause(failures, signal);
      }
    }
  }

  async function* events(
    id: string,
    given: EventsOptions = {},
  ): AsyncGenerator<JobEventWire, void, undefined> {
    const { signal } = given;
    let lastId = given.lastEventId;
    for (let failures = 0; ;) {
      const headers = lastId === undefined ? {} : { 'Last-Event-ID': lastId };
      const response = await retried(failures, () => send(`${jobPath(id)}/events`, init(headers, signal)));
      if (response.status === 204 || !response.body) return;
      let broken: unknown = null;
      try {
        for await (const event of readEvents(response.body)) {
          lastId = event.id;
          failures = 0;
          yield { id: event.id, type: event.type, data: JSON.parse(event.data) } as JobEventWire;
        }
      } catch (error) {
        if (signal?.aborted) throw error;
        broken = error;
      }
      // After the job's end the service closes in order; asked again it answers 204.
      failures += 1;
      if (failures > RETRY_MS.length) throw new UnreachableError(base, broken);
      if (broken !== null || failures > 1) await pause(failures, signal);
    }
  }

  /** Connects; after a connection broke, also while the service is away for a moment. */
  async function retried(failures: number, connect: () => Promise<Response>): Promise<Response> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await connect();
      } catch (error) {
        const passing =
          error instanceof UnreachableError || (error instanceof ProblemError && error.status === 503);
        if (failures === 0 || !passing || attempt >= RETRY_MS.length) throw error;
        await pause(attempt + 1);
      }
    }
  }

  const resultLines = (id: string, given: ResultsOptions = {}) => lines(`${jobPath(id)}/results`, given);
  const errorLines = (id: string, given: RowsOptions = {}) =>
    lines(`${jobPath(id)}/errors`, { ...given, includeErrors: false });

  return {
    submit: (body, { idempotencyKey } = {}) =>
      call('/v1/jobs', {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          ...(idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey }),
        },
        body: JSON.stringify(body),
      }),
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
    models: () => call('/v1/models'),
    model: (name) => call(`/v1/models/${encodeURIComponent(name)}`),
    resultLines,
    errorLines,
    results: (id, given) => parsed<ResultRow | ErrorRow>(resultLines(id, given)),
    errors: (id, given) => parsed<ErrorRow>(errorLines(id, given)),
    events,
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

function init(headers: Record<string, string>, signal: AbortSignal | undefined): RequestInit {
  return { headers, ...(signal ? { signal } : {}) };
}

async function pause(attempt: number, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, RETRY_MS[Math.min(attempt, RETRY_MS.length) - 1]);
    signal?.addEventListener('abort', done);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
  });
}
