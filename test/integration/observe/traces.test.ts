// Traces of a job, from its submit to its end, as a collector receives them from separate processes.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { startRedisServer } from '../../support/redis-server.ts';
import { startServicePair, type PairJob } from '../../support/service-pair.ts';
import { waitUntil } from '../../support/wait-until.ts';

interface Received {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly links?: { traceId: string; spanId: string }[];
  readonly status?: { message: string };
}

/** Functions that undo what a test has started. They run in reverse order. */
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanups.splice(0).toReversed()) await undo();
});

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function startCollector() {
  const spans: Received[] = [];
  const headers: unknown[] = [];
  let answers = 200;
  const server = createServer((request, response) => {
    void textOf(request).then((text) => {
      headers.push([request.url, request.headers['x-team'], request.headers['content-type']]);
      const body = JSON.parse(text) as { resourceSpans: { scopeSpans: { spans: Received[] }[] }[] };
      if (answers === 200)
        spans.push(...body.resourceSpans.flatMap((one) => one.scopeSpans.flatMap((scope) => scope.spans)));
      response.writeHead(answers).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, spans, headers, answer: (status: number) => (answers = status) };
}

it('a job is one trace: its time on the queue, runs, stages and batches, and the request that created it', async () => {
  const collector = await startCollector();
  const redis = await startRedisServer();
  cleanups.push(() => redis.stop());
  const pair = await startServicePair(redis.url, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-team=a%20b',
  });
  cleanups.push(() => pair.stop());
  const caller = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
  const response = await pair.submit({ traceparent: `00-${caller.traceId}-${caller.spanId}-01` });
  const { id } = (await response.json()) as PairJob;
  const job = await pair.completed(id);

  const named = (name: string) => collector.spans.filter((span) => span.name === name);
  await waitUntil(
    'all spans',
    () =>
      named('job').length === 1 &&
      named('block').length === job.blocks.done &&
      named('POST /v1/jobs').length === 1 &&
      named('batch').length > 0,
  );
  const [root] = named('job') as [Received];
  expect(named('POST /v1/jobs')).toMatchObject([
    {
      traceId: caller.traceId,
      parentSpanId: caller.spanId,
      links: [{ traceId: root.traceId, spanId: root.spanId }],
    },
  ]);
  const runs = new Map(named('block').map((span) => [span.spanId, span]));
  for (const run of runs.values()) {
    expect(run).toMatchObject({ traceId: root.traceId, parentSpanId: root.spanId });
    const stages = collector.spans.filter((span) => span.parentSpanId === run.spanId);
    expect(stages.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['begin', 'compute', 'publish', 'commit']),
    );
    for (const stage of stages.filter(({ name }) => name !== 'batch')) {
      expect(Number(stage.endTimeUnixNano)).toBeGreaterThanOrEqual(Number(stage.startTimeUnixNano));
    }
  }
  expect(named('queue').every(({ parentSpanId }) => parentSpanId === root.spanId)).toBe(true);
  expect(named('batch').every(({ parentSpanId }) => runs.has(parentSpanId!))).toBe(true);
  expect(new Set(collector.headers.map(String))).toEqual(new Set(['/v1/traces,a b,application/json']));

  // A collector that fails costs spans, and says so once. The job does not notice.
  collector.answer(503);
  const next = (await (await pair.submit()).json()) as PairJob;
  await pair.completed(next.id);
  await pair.worker.says(/"event":"traces.failed"/);
  collector.answer(200);
  await pair.completed(((await (await pair.submit()).json()) as PairJob).id);
  await pair.worker.says(/"event":"traces.sent_again"/);
  expect(pair.worker.said().match(/"event":"traces.failed"/g)).toHaveLength(1);
});
