import { createServer, type AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { createSpanExporter } from '#forebay/shared/observe/tracing/span-exporter.js';

it('a collector that does not answer delays the end of the process by one request, however many spans wait', async () => {
  let connections = 0;
  const silent = createServer(() => connections++).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const { port } = silent.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const events: string[] = [];
  const emit = (name: string) => void events.push(name);
  const exporter = createSpanExporter({ url, headers: {}, resource: {}, emit, patienceMs: 500 });
  const span = {
    traceId: 'a',
    spanId: 'b',
    name: 'n',
    kind: 'internal',
    startMs: 0,
    endMs: 1,
    attributes: {},
  } as const;
  for (let i = 0; i < 4096; i++) exporter.add(span);
  await exporter.close();
  silent.close();
  expect(events).toEqual(['traces.failed']);
  expect(connections).toBe(1);
});
