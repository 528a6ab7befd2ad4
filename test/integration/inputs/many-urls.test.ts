// A real worker that fetches many URLs at once must not warn of leaked listeners.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startOwnProcess, type OwnProcess } from '../../support/own-process.ts';
import { colourImage, startService, type Service } from '../../support/service.ts';

const ROWS = 24;
/** More listeners than Node allows on one signal without a warning. */
const AT_ONCE = 12;

let service: Service;
let worker: OwnProcess;
let image: Buffer;
const waiting: ServerResponse[] = [];
/** Answers only when enough rows are being fetched. */
const server = createServer((_, response) => {
  waiting.push(response);
  asked += 1;
  if (waiting.length < AT_ONCE && asked < ROWS) return;
  for (const held of waiting.splice(0)) held.end(image);
});
let asked = 0;

beforeAll(async () => {
  image = await colourImage(1);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  service = await startService({ workers: 0 });
  worker = startOwnProcess('workers', {
    ...service.env,
    FOREBAY_FETCH_ALLOW: '127.0.0.1',
    NODE_OPTIONS: '--trace-warnings',
  });
});
afterAll(async () => {
  await worker.stop();
  await service.close();
  server.close();
});

it('a worker that fetches many rows at the same time logs no warning', async () => {
  const { port } = server.address() as AddressInfo;
  const urls = Array.from({ length: ROWS }, (_, i) => `http://127.0.0.1:${port}/${i}.png`);
  const { id } = await service.submit({ input: { type: 'urls', urls } });
  expect(await service.ended(id)).toMatchObject({ status: 'completed', rows: { succeeded: ROWS } });
  expect(worker.said()).not.toContain('Warning');
});
