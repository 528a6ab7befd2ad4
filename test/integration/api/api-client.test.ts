// The typed client against a real API, also through a proxy that cuts connections.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '#forebay/client/client.js';
import { ProblemError, UnreachableError } from '#forebay/client/problem-error.js';
import { startTestApi, type TestApi } from '../../support/api-service.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const fronts: Server[] = [];
/** A proxy that cuts its first connections, each after the given number of bytes of the body. */
async function cuttingFront(cuts: number[]): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const front = createServer((request, response) => {
    asked.push(String(request.url));
    void (async () => {
      const headers = request.headers['last-event-id'];
      const answer = await fetch(
        `${api.url}${request.url}`,
        headers ? { headers: { 'Last-Event-ID': String(headers) } } : {},
      );
      response.writeHead(answer.status);
      let left = cuts.shift() ?? Infinity;
      for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
        await new Promise((resolve) => response.write(chunk.subarray(0, left), resolve));
        left -= chunk.length;
        if (left <= 0) return response.destroy();
      }
      return response.end();
    })();
  });
  fronts.push(front);
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`, asked };
}
afterEach(() => {
  for (const front of fronts.splice(0)) {
    front.closeAllConnections();
    front.close();
  }
});

describe('the client', () => {
  it('submits, lists, shows, controls and reads jobs', async () => {
    const client = createClient({ url: `${api.url}/` });
    const body = { model: 'digits-small', input: { type: 'files' as const, path: '.' } };
    const job = await client.submit(body, { idempotencyKey: 'k1' });
    expect((await client.submit(body, { idempotencyKey: 'k1' })).id).toBe(job.id);
    expect((await client.job(job.id)).status).toBe('queued');
    expect((await client.jobs({ limit: 1, status: ['queued'] })).data).toHaveLength(1);
    expect((await client.pause(job.id)).status).toBe('paused');
    expect((await client.resume(job.id)).status).toBe('queued');
    expect((await client.cancel(job.id)).status).toBe('cancelling');
    expect((await client.stats(job.id)).rows).toBe(0);
    expect((await client.models()).data.map((m) => m.name)).toEqual(['digits-small']);
    expect((await client.model('digits-small')).task).toBe('image-classification');
    expect(await client.ready()).toBe(true);
    const errors: unknown[] = [];
    for await (const row of client.errors(job.id)) errors.push(row);
    expect(errors).toEqual([]);
  });

  it('rejects with the code of the problem and the wrong fields', async () => {
    const client = createClient({ url: api.url });
    // @ts-expect-error A request as untyped JavaScript may send it.
    const refused = await client.submit({ model: 'x', input: {} }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ProblemError);
    expect(refused).toMatchObject({
      status: 400,
      code: 'invalid_request',
      errors: [{ path: '/input/type' }],
    });
    await expect(client.job('job_none')).rejects.toMatchObject({ status: 404, code: 'job_not_found' });
  });

  it('explains what to do when nothing answers', async () => {
    const { url } = await cuttingFront([]);
    fronts.splice(0)[0]!.close();
    const error = await createClient({ url })
      .job('job_x')
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UnreachableError);
    expect((error as Error).message).toContain(url);
    expect((error as Error).message).toMatch(/connection refused.*forebay up/);
    expect(await createClient({ url }).ready()).toBe(false);
  });

  it('rejects with the status and text of an answer that is not a problem document', async () => {
    const server = createServer((_request, response) => response.writeHead(502).end('<h1>Bad gateway</h1>'));
    fronts.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(createClient({ url }).job('job_x')).rejects.toMatchObject({
      status: 502,
      detail: expect.stringMatching(/without a problem document.*Bad gateway/),
    });
  });

  it('continues a followed stream that was cut in the middle of a row', async () => {
    const job = await api.runningJob();
    for (let block = 0; block < 3; block += 1) await api.commitBlock(job, block);
    await api.endJob(job.id);
    const { url, asked } = await cuttingFront([250, 100]);
    const indices: number[] = [];
    for await (const row of createClient({ url }).results(job.id, { follow: true })) indices.push(row.index);
    expect(indices).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(asked).toHaveLength(3);
    expect(asked[1]).toContain('from_row=3');

    const broken = await cuttingFront([300]);
    const read = async () => {
      for await (const row of createClient({ url: broken.url }).results(job.id)) indices.push(row.index);
    };
    await expect(read()).rejects.toBeInstanceOf(UnreachableError);
  });

  it('reconnects with the last event id after a cut, and neither loses nor repeats an event', async () => {
    const job = await api.runningJob();
    const first = await api.jobs.firstEventId(job.id);
    for (let block = 0; block < 3; block += 1) await api.commitBlock(job, block);
    await api.endJob(job.id);
    const { url, asked } = await cuttingFront([1500]);
    const seen: string[] = [];
    for await (const event of createClient({ url }).events(job.id, { lastEventId: first })) {
      seen.push(event.id);
    }
    const stored = await api.jobs.events(job.id, first);
    expect(seen).toEqual(stored.map((event) => event.id));
    expect(asked.length).toBeGreaterThanOrEqual(3);
  });
});
