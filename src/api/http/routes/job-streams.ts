/** What a job produces while it runs: events over SSE, results and errors as NDJSON. */
import type { Context } from 'hono';
import { z } from 'zod';
import type { Emit } from '../../../shared/observe/events.ts';
import type { JobStore } from '../../../shared/queue/jobs/job-store.ts';
import type { Wake } from '../../../shared/queue/wake.ts';
import { eventsStart, jobEvents, type EventsStart } from '../../jobs/streams/events-stream.ts';
import { createStreamResponse } from '../middleware/stream-response.ts';
import type { Outputs } from '../../../shared/storage/output.ts';
import { checkOrder, jobRows, nextRow, type RowsRequest } from '../../jobs/streams/results-stream.ts';
import { EVENT_ID, PROGRESS_EVENT, STATUS_EVENT } from '../wire/event.ts';
import { JOB } from '../wire/job.ts';
import { ERROR_ROW, ERRORS_QUERY, RESULT_ROW, RESULTS_QUERY } from '../wire/row.ts';
import { JOB_PARAMS } from './jobs.ts';
import { JOB_PROBLEMS } from './problem-sets.ts';
import type { Success } from '../endpoint/endpoint.ts';
import { mount, type MountTarget } from '../endpoint/mount.ts';

const NDJSON = 'application/x-ndjson';
const ROWS_PROBLEMS = [
  ...JOB_PROBLEMS,
  'not_found',
  'output_changed',
  'output_compacted',
  'storage_unavailable',
] as const;
/** How soon a client reconnects after an interruption, ms. */
const RETRY_MS = 1000;

export interface JobStreamsDeps {
  readonly jobs: Pick<JobStore, 'mustGet' | 'get' | 'watermark' | 'events' | 'firstEventId' | 'lastEventId'>;
  readonly wake: Pick<Wake, 'on'>;
  readonly outputs: Outputs;
  /** Aborted when the service stops, which ends open streams. */
  readonly shutdown: AbortSignal;
  readonly emit: Emit;
}

export function mountJobStreams(target: MountTarget, deps: JobStreamsDeps): void {
  const streamResponse = createStreamResponse(deps);
  mount(
    target,
    {
      method: 'get',
      path: '/v1/jobs/{id}/events',
      operationId: 'watchJob',
      tag: 'Results and progress',
      access: 'jobs:read',
      summary: "Watch a job's events (SSE)",
      description:
        'Begins with `event: snapshot`, which holds the job. `status` and `progress` events follow as they happen, and a comment after every 15 s of silence. The stream ends after the last status. With `Last-Event-ID`, the stream begins with the events after that id instead. The last 1,000 events are kept. The id `0` stands for all of them. With another older id, the stream begins with a snapshot. A client that has seen the last event gets 204, so that an EventSource does not reconnect.',
      params: JOB_PARAMS,
      query: z.strictObject({ last_event_id: EVENT_ID.optional() }),
      headers: z.object({ 'last-event-id': EVENT_ID.optional() }),
      success: [
        {
          status: 200,
          description: 'Events. The schema is that of their `data`.',
          content: { 'text/event-stream': z.union([JOB, STATUS_EVENT, PROGRESS_EVENT]) },
        },
        { status: 204, description: 'The client has seen the last event.' },
      ],
      problems: JOB_PROBLEMS,
    },
    async ({ c, params, query, headers }) => {
      const job = await deps.jobs.mustGet(params.id);
      const lastSeen = headers['last-event-id'] ?? query.last_event_id ?? null;
      const start = await eventsStart(deps.jobs, job, lastSeen);
      if (start.kind === 'ended') return c.body(null, 204);
      return streamResponse(c, (signal) => eventFrames(deps, params.id, start, signal), {
        headers: {
          'Content-Type': 'text/event-stream; charset=utf-8',
          'Cache-Control': 'no-store',
          'X-Accel-Buffering': 'no',
        },
        probe: false,
      });
    },
  );

  mount(
    target,
    {
      method: 'get',
      path: '/v1/jobs/{id}/results',
      operationId: 'readResults',
      tag: 'Results and progress',
      access: 'jobs:read',
      summary: 'Read results (NDJSON)',
      description:
        'One row per line, in row order, up to the first uncommitted row. Failed rows are included only with `include=errors`.',
      params: JOB_PARAMS,
      query: RESULTS_QUERY,
      success: [rowsSuccess(z.union([RESULT_ROW, ERROR_ROW]))],
      problems: ROWS_PROBLEMS,
    },
    async ({ c, params, query }) =>
      rows(c, params.id, {
        kind: query.include === 'errors' ? 'all' : 'results',
        fromRow: query.from_row,
        follow: query.follow === 'true',
      }),
  );

  mount(
    target,
    {
      method: 'get',
      path: '/v1/jobs/{id}/errors',
      operationId: 'readErrors',
      tag: 'Results and progress',
      access: 'jobs:read',
      summary: 'Read row errors (NDJSON)',
      description: 'The failed rows, one per line, in row order, up to the first uncommitted row.',
      params: JOB_PARAMS,
      query: ERRORS_QUERY,
      success: [rowsSuccess(ERROR_ROW)],
      problems: ROWS_PROBLEMS,
    },
    async ({ c, params, query }) =>
      rows(c, params.id, { kind: 'errors', fromRow: query.from_row, follow: query.follow === 'true' }),
  );

  async function rows(c: Context, id: string, request: RowsRequest): Promise<Response> {
    const job = await deps.jobs.mustGet(id);
    if (job.status === 'completed') checkOrder(job, request);
    const next = request.follow ? null : Math.max(request.fromRow, await nextRow(deps, job));
    return streamResponse(c, (signal) => jobRows(deps, job, request, signal), {
      headers: {
        'Content-Type': NDJSON,
        'Cache-Control': 'no-store',
        'X-Accel-Buffering': 'no',
        ...(next === null ? {} : { 'X-Next-Row': String(next) }),
      },
      probe: !request.follow,
    });
  }
}

function rowsSuccess(schema: z.ZodType): Success {
  return {
    status: 200,
    description: 'Rows. The schema is that of one line.',
    content: { [NDJSON]: schema },
    headers: {
      'X-Next-Row': 'The `from_row` from which to continue later. Only without `follow`.',
    },
  };
}

async function* eventFrames(
  deps: JobStreamsDeps,
  id: string,
  start: Exclude<EventsStart, { kind: 'ended' }>,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  yield `retry: ${RETRY_MS}\n\n`;
  for await (const event of jobEvents(deps, id, start, signal)) {
    yield event === null
      ? ': still here\n\n'
      : `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event.data)}\n\n`;
  }
}
