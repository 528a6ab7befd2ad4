// A job's results over HTTP while its blocks are committed, also for slow readers and readers that leave.
import { rm, writeFile } from 'node:fs/promises';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '#forebay/client/client.js';
import { BLOCK_ROWS, startTestApi, type TestApi } from '../../support/api-service.ts';
import { waitUntil } from '../../support/wait-until.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

async function rows(path: string): Promise<{ indices: number[]; text: string; headers: Headers }> {
  const response = await fetch(`${api.url}${path}`);
  expect(response.status).toBe(200);
  const text = await response.text();
  const indices = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { index: number }).index);
  return { indices, text, headers: response.headers };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const odd = (index: number) => index % 2 === 1;

describe('results', () => {
  it('end at the first uncommitted block, even if later blocks are committed', async () => {
    const job = await api.runningJob();
    expect(await rows(`/v1/jobs/${job.id}/results`)).toMatchObject({ indices: [], text: '' });
    await api.commitBlock(job, 0);
    await api.commitBlock(job, 2);
    const before = await rows(`/v1/jobs/${job.id}/results`);
    expect(before.indices).toEqual(range(0, BLOCK_ROWS));
    expect(before.headers.get('content-type')).toBe('application/x-ndjson');
    expect(before.headers.get('x-next-row')).toBe('4');
    await api.commitBlock(job, 1);
    const after = await rows(`/v1/jobs/${job.id}/results?from_row=${before.headers.get('x-next-row')}`);
    expect(after.indices).toEqual(range(4, 12));
  });

  it('leave errors out, include them in row order, or hold only errors, as requested', async () => {
    const job = await api.runningJob();
    await api.commitBlock(job, 0);
    await api.commitBlock(job, 1, odd);
    await api.commitBlock(job, 2, () => true);
    const path = `/v1/jobs/${job.id}`;
    expect((await rows(`${path}/results`)).indices).toEqual([0, 1, 2, 3, 4, 6]);
    expect((await rows(`${path}/results?include=errors`)).indices).toEqual(range(0, 12));
    expect((await rows(`${path}/results?include=errors&from_row=5`)).indices).toEqual(range(5, 12));
    expect((await rows(`${path}/results?from_row=5`)).indices).toEqual([6]);
    expect((await rows(`${path}/results?from_row=500`)).indices).toEqual([]);
    const errors = await rows(`${path}/errors?from_row=6`);
    expect(errors.indices).toEqual([7, 8, 9, 10, 11]);
    expect(JSON.parse(errors.text.split('\n')[0]!)).toEqual({
      index: 7,
      id: 'row-7',
      error: { code: 'decode_failed', message: 'row 7 is broken' },
    });
  });

  it('follow a job until it ends, and deliver rows as their blocks are committed', async () => {
    const job = await api.runningJob();
    const seen: number[] = [];
    const client = createClient({ url: api.url });
    const following = (async () => {
      for await (const row of client.results(job.id, { follow: true, includeErrors: true }))
        seen.push(row.index);
    })();
    await api.commitBlock(job, 1);
    await api.commitBlock(job, 0, odd);
    await waitUntil('two blocks', () => seen.length === 8);
    await api.commitBlock(job, 2);
    await waitUntil('the third block', () => seen.length === 12);
    await api.endJob(job.id);
    await following;
    expect(seen).toEqual(range(0, 12));
  });

  it('are answered with 404 and the name of the part if a committed part is gone', async () => {
    const job = await api.runningJob();
    await api.commitBlock(job, 0);
    await rm(join(job.output, 'part-00000000.jsonl'));
    const response = await fetch(`${api.url}/v1/jobs/${job.id}/results`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      code: 'not_found',
      detail: expect.stringMatching(/part-00000000\.jsonl.*moved or deleted/),
    });
    expect((await fetch(`${api.url}/v1/jobs/job_none/results`)).status).toBe(404);
  });

  it('answer HEAD with headers only', async () => {
    const job = await api.runningJob();
    const response = await fetch(`${api.url}/v1/jobs/${job.id}/results?follow=true`, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it('wait for a slow reader instead of reading ahead', async () => {
    const job = await api.runningJob();
    // Rows of about 100 KB each, 24 MB in total, which is far more than socket buffers hold.
    const blocks = 60;
    const big = 'x'.repeat(100_000);
    for (let block = 0; block < blocks; block += 1) {
      await api.commitBlock(job, block);
    }
    for (let block = 0; block < blocks; block += 1) {
      const lines = range(block * BLOCK_ROWS, (block + 1) * BLOCK_ROWS).map(
        (index) => `${JSON.stringify({ index, id: big })}\n`,
      );
      const name = `part-${String(block).padStart(8, '0')}.jsonl`;
      await writeFile(join(job.output, name), lines.join(''));
    }
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      httpGet(`${api.url}/v1/jobs/${job.id}/results`, resolve).on('error', reject);
    });
    response.pause();
    // If the API does not read ahead, it notices the missing last part only when the reader gets there.
    await waitUntil('bytes to wait in the socket', () => response.socket.bytesRead > 100_000);
    await rm(join(job.output, `part-${String(blocks - 1).padStart(8, '0')}.jsonl`));
    let received = 0;
    const ended = new Promise<string>((resolve) => {
      response.on('data', (chunk: Buffer) => (received += chunk.length));
      response.on('end', () => resolve('complete'));
      response.on('error', () => resolve('broken off'));
      response.resume();
    });
    expect(await ended).toBe('broken off');
    expect(received).toBeGreaterThan((blocks - 2) * BLOCK_ROWS * big.length);
    expect(received).toBeLessThan(blocks * BLOCK_ROWS * big.length);
  });

  it('log nothing when their reader leaves', async () => {
    const job = await api.runningJob();
    await api.commitBlock(job, 0);
    const before = api.listeners();
    const saidBefore = api.logged.length;
    const enough = new AbortController();
    const response = await fetch(`${api.url}/v1/jobs/${job.id}/results?follow=true`, {
      signal: enough.signal,
    });
    await response.body!.getReader().read();
    await waitUntil('the stream to wait for more', () => api.listeners() > before);
    enough.abort();
    await waitUntil('the stream to be gone', () => api.listeners() === before);
    // The API would log an interruption before it answers another request.
    await rows(`/v1/jobs/${job.id}/results`);
    const said = api.logged.slice(saidBefore);
    expect(said.filter(({ message }) => message === 'stream interrupted')).toEqual([]);
  });

  it('break off when the service stops, so that a follower knows that rows are missing', async () => {
    const other = await startTestApi();
    const job = await other.runningJob();
    await other.commitBlock(job, 0);
    const response = await fetch(`${other.url}/v1/jobs/${job.id}/results?follow=true`);
    const text = response.text().then(
      () => 'complete',
      () => 'broken off',
    );
    await waitUntil('the stream to be open', () => other.listeners() === 2);
    other.stopping.abort();
    expect(await text).toBe('broken off');
    await waitUntil('the listener to go', () => other.listeners() === 0);
    await other.close();
  });
});
