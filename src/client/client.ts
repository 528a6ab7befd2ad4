/** The typed client of the HTTP API. It imports only the types of the wire. */
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
  /** Waits for the remaining rows until the job ends. Survives broken connections. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

export interface ResultsOptions extends RowsOptions {
  /** Also yields the rows that failed, in row order. */
  readonly includeErrors?: boolean;
}

export interface EventsOptions {
  /** Yields the events after this one. Without it, a snapshot comes first. */
  readonly lastEventId?: string;
  readonly signal?: AbortSignal;
}

export interface JobsQuery {
  readonly limit?: number;
  readonly cursor?: string;
  readonly status?: readonly string[];
}

/** All methods reject with ProblemError (the service refused) or UnreachableError (nothing answers). */
export interface Client {
  submit(body: SubmitBody, options?: { idempotencyKey?: string }): Promise<JobWire>;
  /** What would happen to the job, and how fast. Takes some seconds. */
  plan(body: SubmitBody): Promise<PlanWire>;
  job(id: string): Promise<JobWire>;
  jobs(query?: JobsQuery): Promise<JobListWire>;
  cancel(id: string): Promise<JobWire>;
  pause(id: string): Promise<JobWire>;
  resume(id: string): Promise<JobWire>;
  /** Makes a job of the rows that failed in an ended one, into the same output. */
  retry(id: string): Promise<JobWire>;
  /** Makes a job that finishes what an output folder holds. */
  resumeOutput(body: ResumeBody): Promise<JobWire>;
  /** The last deliveries of the job's webhook, newest first. */
  deliveries(id: string): Promise<DeliveriesWire>;
  stats(id: string): Promise<JobStatsWire>;
  models(): Promise<ModelListWire>;
  model(name: string): Promise<ModelWire>;
  /** Results as rows. Leaving the loop ends the request. */
  results(id: string, options?: ResultsOptions): AsyncGenerator<ResultRow | ErrorRow, void, undefined>;
  /** Results as on the wire, one line of JSON per row. */
  resultLines(id: string, options?: ResultsOptions): AsyncGenerator<string, void, undefined>;
  errors(id: string, options?: RowsOptions): AsyncGenerator<ErrorRow, void, undefined>;
  errorLines(id: string, options?: RowsOptions): AsyncGenerator<string, void, undefined>;
  /** Events until the job has ended. Connects again after an interruption. */
  events(id: string, options?: EventsOptions): AsyncGenerator<JobEventWire, void, undefined>;
  ready(): Promise<boolean>;
}

/** Waits before attempts to connect again, ms. */
const RETRY_MS = [250, 500, 1000, 2000, 4000];

/**
 * `apiKey`: needed where the service asks for one. It is sent only to `url`. `fetch`: the global one unless given.
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
          // Throws on a line that was cut off, so that its row is read again.
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
      // After the job's end the service closes the stream in order. Asked once more, it answers 204.
      failures += 1;
      if (failures > RETRY_MS.length) throw new UnreachableError(base, broken);
      if (broken !== null || failures > 1) await pause(failures, signal);
    }
  }

  /** Connects. After an interruption it tries again while the service is away for a moment. */
  async function retried(failures: number, connect: () => Promise<Response>): Promise<Response> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await connect();
      } catch (error) {
        const temporary =
          error instanceof UnreachableError || (error instanceof ProblemError && error.status === 503);
        if (failures === 0 || !temporary || attempt >= RETRY_MS.length) throw error;
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
