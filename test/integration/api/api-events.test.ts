// A job's events over HTTP: live, replayed after an id, and read by the client.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobEvents } from '#forebay/api/jobs/streams/events-stream.js';
import { readEvents, type ServerEvent } from '#forebay/client/read-events.js';
import { createClient } from '#forebay/client/client.js';
import { startTestApi, type TestApi } from '../../support/api-service.ts';
import { waitUntil } from '../../support/wait-until.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

interface Watch {
  readonly events: ServerEvent[];
  readonly ended: Promise<void>;
  leave(): void;
}

async function watch(id: string, headers: Record<string, string> = {}, query = ''): Promise<Watch> {
  const left = new AbortController();
  const response = await fetch(`${api.url}/v1/jobs/${id}/events${query}`, { headers, signal: left.signal });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  const events: ServerEvent[] = [];
  const ended = (async () => {
    for await (const event of readEvents(response.body!)) events.push(event);
  })().catch((error: unknown) => {
    if (!left.signal.aborted) throw error;
  });
  return { events, ended, leave: () => left.abort() };
}

const types = (events: readonly ServerEvent[]) => events.map((event) => event.type);
const data = (event: ServerEvent | undefined) =>
  JSON.parse(event?.data ?? 'null') as { status: string; rows: { succeeded: number } };

describe('events', () => {
  it('begin with a snapshot, continue live and end with the job', async () => {
    const job = await api.runningJob();
    const watching = await watch(job.id);
    await waitUntil('the snapshot', () => watching.events.length === 1);
    expect(watching.events[0]!.type).toBe('snapshot');
    expect(data(watching.events[0])).toMatchObject({ object: 'job', id: job.id, status: 'running' });
    expect(watching.events[0]!.id).toBe(await api.jobs.lastEventId(job.id));

    await api.commitBlock(job, 0, (index) => index === 3);
    await waitUntil('progress', () => watching.events.length === 2);
    expect(watching.events[1]!.type).toBe('progress');
    expect(data(watching.events[1])).toEqual({
      block: 0,
      rows: { total: null, succeeded: 3, failed: 1, adopted: 0 },
      blocks: { queued: 0, running: 0, done: 1 },
      throughput: { rows_per_s: null },
      eta_s: null,
    });
    await api.endJob(job.id);
    await watching.ended;
    expect(types(watching.events)).toEqual(['snapshot', 'progress', 'status', 'status']);
    expect(data(watching.events[3])).toMatchObject({
      status: 'completed',
      job: { status: 'completed', rows: { succeeded: 3, failed: 1 } },
    });
  });

  it('merge a burst of progress and drop no status', async () => {
    const job = await api.runningJob();
    const watching = await watch(job.id);
    await waitUntil('the snapshot', () => watching.events.length === 1);
    for (let block = 0; block < 40; block += 1) await api.commitBlock(job, block);
    await api.jobs.transition(job.id, 'paused');
    await api.jobs.transition(job.id, 'running');
    await api.endJob(job.id);
    await watching.ended;
    const statuses = watching.events.filter((e) => e.type === 'status').map((e) => data(e).status);
    expect(statuses).toEqual(['paused', 'running', 'finalizing', 'completed']);
    const progress = watching.events.filter((e) => e.type === 'progress');
    expect(progress.length).toBeLessThan(40);
    expect(data(progress.at(-1))).toMatchObject({ rows: { succeeded: 160 }, blocks: { done: 40 } });
    const ids = watching.events.map((e) => e.id);
    expect(ids).toEqual([...new Set(ids)]);
  });

  it('are replayed after Last-Event-ID, which may be a header or a query parameter', async () => {
    const job = await api.runningJob();
    const first = await api.jobs.firstEventId(job.id);
    for (let block = 0; block < 5; block += 1) await api.commitBlock(job, block);
    await api.endJob(job.id);
    const all = ['status', ...Array(5).fill('progress'), 'status', 'status'];
    for (const replayed of [
      await watch(job.id, { 'Last-Event-ID': first }),
      await watch(job.id, {}, `?last_event_id=${first}`),
    ]) {
      await replayed.ended;
      expect(types(replayed.events)).toEqual(all);
      expect(replayed.events.filter((e) => e.type === 'progress').map((e) => data(e).rows.succeeded)).toEqual(
        [4, 8, 12, 16, 20],
      );
    }
    const last = await fetch(`${api.url}/v1/jobs/${job.id}/events`, {
      headers: { 'Last-Event-ID': await api.jobs.lastEventId(job.id) },
    });
    expect(last.status).toBe(204);
  });

  it('begin with a snapshot again if the last id is older than the kept events', async () => {
    const job = await api.runningJob();
    const first = await api.jobs.firstEventId(job.id);
    for (let block = 0; block < 3; block += 1) await api.commitBlock(job, block);
    await api.redis.xtrim(`forebay:{${job.id}}:events`, 'MAXLEN', 2);
    await api.endJob(job.id);
    const watching = await watch(job.id, { 'Last-Event-ID': first });
    await watching.ended;
    expect(types(watching.events)).toEqual(['snapshot']);
    const wrong = await fetch(`${api.url}/v1/jobs/${job.id}/events?last_event_id=yesterday`);
    expect(await wrong.json()).toMatchObject({ errors: [{ path: '/query/last_event_id' }] });
  });

  it('release their listeners when the client leaves', async () => {
    const job = await api.runningJob();
    const before = api.listeners();
    const watching = await watch(job.id);
    await waitUntil('the snapshot', () => watching.events.length === 1);
    // One listener for changes of the state, one for commits.
    expect(api.listeners()).toBe(before + 2);
    watching.leave();
    await watching.ended;
    await waitUntil('the listener to go', () => api.listeners() === before);
  });

  it('reach the client as typed events until the job ends', async () => {
    const job = await api.runningJob();
    const client = createClient({ url: api.url });
    const seen: string[] = [];
    const watching = (async () => {
      for await (const event of client.events(job.id)) seen.push(event.type);
    })();
    await waitUntil('the snapshot', () => seen.length === 1);
    await api.commitBlock(job, 0);
    await api.endJob(job.id);
    await watching;
    expect(seen).toEqual(['snapshot', 'progress', 'status', 'status']);
  });

  it('pause while nothing happens, and heartbeats are sent instead', async () => {
    const job = await api.runningJob();
    const left = new AbortController();
    const kinds: string[] = [];
    const deps = { jobs: api.jobs, wake: api.wake, heartbeatMs: 20, sweepMs: 5 };
    for await (const event of jobEvents(deps, job.id, { kind: 'snapshot' }, left.signal)) {
      kinds.push(event?.type ?? 'heartbeat');
      if (kinds.length === 3) left.abort();
    }
    expect(kinds).toEqual(['snapshot', 'heartbeat', 'heartbeat']);
  });

  it('are found by the sweep if every wake-up is lost', async () => {
    const job = await api.runningJob();
    const deps = { jobs: api.jobs, wake: { on: () => () => undefined }, sweepMs: 10 };
    const kinds: string[] = [];
    for await (const event of jobEvents(deps, job.id, { kind: 'snapshot' }, new AbortController().signal)) {
      if (event) kinds.push(event.type);
      if (event?.type === 'snapshot') await api.endJob(job.id);
    }
    expect(kinds).toEqual(['snapshot', 'status', 'status']);
  });
});
