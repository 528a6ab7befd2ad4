/** Reads the rows and the events of a job. Reconnects after an interruption, for rows only with `follow`. */
import type { JobEventWire } from '../api/http/wire/event.ts';
import { ProblemError, UnreachableError } from './problem-error.ts';
import { readEvents } from './read-events.ts';
import { readLines } from './read-lines.ts';
import type { Transport } from './transport.ts';

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
  /** Yields the events after this one. Without it, yields a snapshot first. */
  readonly lastEventId?: string;
  readonly signal?: AbortSignal;
}

export interface JobStreams {
  /** Rows as sent, one line of JSON per row. `path`: the results or errors of a job. */
  readonly lines: (path: string, options: ResultsOptions) => AsyncGenerator<string, void, undefined>;
  /** `path`: the events of a job. */
  readonly events: (path: string, options: EventsOptions) => AsyncGenerator<JobEventWire, void, undefined>;
}

/** Pauses between reconnection attempts, in ms. */
const RETRY_MS = [250, 500, 1000, 2000, 4000];

export function createJobStreams({ base, send }: Pick<Transport, 'base' | 'send'>): JobStreams {
  async function* lines(path: string, given: ResultsOptions): AsyncGenerator<string, void, undefined> {
    const { signal, follow = false } = given;
    let fromRow = given.fromRow ?? 0;
    for (let failures = 0; ;) {
      const query = new URLSearchParams({ from_row: String(fromRow), follow: String(follow) });
      if (given.includeErrors) query.set('include', 'errors');
      const response = await retried(failures, signal, () =>
        send(`${path}?${query.toString()}`, init({}, signal)),
      );
      try {
        for await (const line of readLines(response.body!)) {
          // Throws on a truncated line, so that its row is read again.
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

  async function* events(path: string, given: EventsOptions): AsyncGenerator<JobEventWire, void, undefined> {
    const { signal } = given;
    let lastId = given.lastEventId;
    for (let failures = 0; ;) {
      const headers = lastId === undefined ? {} : { 'Last-Event-ID': lastId };
      const response = await retried(failures, signal, () => send(path, init(headers, signal)));
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
      // After the job's end the service closes the stream normally. The next request gets 204.
      failures += 1;
      if (failures > RETRY_MS.length) throw new UnreachableError(base, broken);
      if (broken !== null || failures > 1) await pause(failures, signal);
    }
  }

  /** Connects. After an interruption it retries while the service is briefly unavailable. */
  async function retried(
    failures: number,
    signal: AbortSignal | undefined,
    connect: () => Promise<Response>,
  ): Promise<Response> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await connect();
      } catch (error) {
        const temporary =
          error instanceof UnreachableError || (error instanceof ProblemError && error.status === 503);
        if (failures === 0 || !temporary || attempt >= RETRY_MS.length) throw error;
        await pause(attempt + 1, signal);
      }
    }
  }

  return { lines, events };
}

function init(headers: Record<string, string>, signal: AbortSignal | undefined): RequestInit {
  return { headers, ...(signal ? { signal } : {}) };
}

/** Rejects with the signal's reason once it is aborted. */
async function pause(attempt: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, RETRY_MS[Math.min(attempt, RETRY_MS.length) - 1]);
    signal?.addEventListener('abort', done);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
  });
  signal?.throwIfAborted();
}
