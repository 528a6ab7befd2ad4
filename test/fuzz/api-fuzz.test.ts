// Sends requests that are generated from the OpenAPI document to the real API. No answer is a 5xx, the process does not
// grow, and its event loop does not stall. No worker runs, so that no URL of a generated job is fetched.
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ApiDocument } from '../support/api-document.ts';
import { startService, writeImages, type Service } from '../support/service.ts';
import { crowd, ownStallLimitMs, watchStalls } from '../support/stalls.ts';
import { large2Mb } from './hostile.ts';
import { requestsOf, type FuzzRequest } from './requests.ts';

const REQUESTS = Number(process.env['FOREBAY_FUZZ_REQUESTS'] ?? 700);
const SEED = Number(process.env['FOREBAY_FUZZ_SEED'] ?? 1);
const AT_ONCE = 10;
const ANSWER_MS = 5_000;
/** Maximum growth of the process after warm-up. V8 lets the garbage of many requests pile up before collecting it. */
const GROWTH_MB = 150;
const WARM_AFTER = 0.2;

let service: Service;
let closed = 0;
const stalls = watchStalls();
beforeAll(async () => {
  service = await startService({
    workers: 0,
    env: { FOREBAY_LOG_LEVEL: 'silent', ...stalls.env },
    how: { execArgv: stalls.execArgv },
  });
  await writeImages(join(service.input, 'images'), 5);
  // Names on which patterns could backtrack for a long time.
  for (const name of ['a'.repeat(40), 'ab'.repeat(100)]) {
    await writeFile(join(service.input, 'images', name), '');
  }
});
afterAll(async () => {
  await service.close();
  stalls.close();
});

it(
  'the API answers every request in time, and never with a 5xx',
  async () => {
    const document = (await (await service.request('/openapi.json')).json()) as ApiDocument;
    const jobs = await Promise.all(
      [1, 2, 3].map(async () => service.submit({ input: { type: 'files', path: 'images' } })),
    );
    const known = {
      id: jobs.map(({ id }) => id),
      model: ['tiny'],
      path: ['images', 'images/000001.png', 'images/*.png', service.input],
      output: ['out-1', 'out-2', 'deep/er', service.out('out-3')],
      include: ['**/*.png', '*'],
      exclude: ['*.jpg', '{a,b}*'],
      urls: ['http://127.0.0.1:9/a.png', 'ftp://x', 'http://[::1]/'],
      data: ['aGVsbG8=', 'not base64'],
      'idempotency-key': ['once', 'twice'],
      cursor: jobs.map(({ id }) => id),
      max_errors: ['1%', '50%'],
    };
    const requests = requestsOf(document, known);
    const pid = service.apiPid();
    const statuses = new Map<number, number>();
    let warm: number | null = null;
    let sent = 0;
    let limitMs = ownStallLimitMs();
    const began = Date.now();

    await fc.assert(
      fc.asyncProperty(fc.array(requests, { minLength: AT_ONCE, maxLength: AT_ONCE }), async (together) => {
        for (const status of await Promise.all(together.map(answer))) {
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }
        sent += together.length;
        limitMs = Math.max(limitMs, ownStallLimitMs());
        if (warm === null && sent >= REQUESTS * WARM_AFTER) warm = residentMb(pid);
      }),
      {
        numRuns: Math.ceil(REQUESTS / AT_ONCE),
        seed: SEED,
        examples: [[[...large2Mb]]],
        interruptAfterTimeLimit: timeLimit(),
      },
    );

    const stall = stalls.longest(began);
    process.stderr.write(
      `fuzz: ${sent} requests, ${closed} sent again, by status ${JSON.stringify(Object.fromEntries(statuses))}; ` +
        `the event loop stalled for ${stall.ms.toFixed(0)} ms at most, ${((stall.at - began) / 1000).toFixed(1)} s after the first request (limit ${limitMs} ms)\n`,
    );
    expect(stall.ms).toBeLessThan(limitMs);
    expect(sent).toBeGreaterThanOrEqual(REQUESTS);
    expect(residentMb(pid) - warm!).toBeLessThan(GROWTH_MB);
    expect((await service.request('/readyz')).status).toBe(200);
  },
  timeLimit() + 60_000,
);

/** Returns the status of the answer. Throws on a 5xx or a timeout. Cancels a stream after its headers. */
async function answer(request: FuzzRequest): Promise<number> {
  const leave = new AbortController();
  const answerMs = ANSWER_MS * crowd();
  const late = setTimeout(() => leave.abort(new Error(`no answer in ${answerMs} ms`)), answerMs);
  try {
    const response = await send(`${service.url}${request.path}`, {
      method: request.method,
      redirect: 'manual',
      headers: request.headers,
      body: request.body as Uint8Array<ArrayBuffer> | string | null,
      signal: leave.signal,
    });
    const endless = /event-stream|ndjson/.test(response.headers.get('content-type') ?? '');
    const text = endless ? '' : await response.text();
    // A part of the Open Inference Protocol that Forebay does not have, and a model that no worker serves.
    const isAnswer = response.status === 501 || (response.status === 503 && text.includes('"no_worker"'));
    if (response.status >= 500 && !isAnswer) throw new Error(`${response.status}: ${text}`);
    return response.status;
  } finally {
    clearTimeout(late);
    leave.abort();
  }
}

/** Resends a request if the server closed the kept-alive connection before it read the request. */
async function send(url: string, init: RequestInit): Promise<Response> {
  for (let tries = 3; ; tries--) {
    try {
      return await fetch(url, init);
    } catch (error) {
      const code = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? '';
      if (tries === 0 || !['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(code)) throw error;
      closed += 1;
    }
  }
}

/** Milliseconds, well above what the slowest machine needs. */
function timeLimit(): number {
  return 30_000 + REQUESTS * 20;
}

function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}
