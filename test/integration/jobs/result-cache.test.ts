// The result cache on the real service: equal rows are computed once, and outputs are those of jobs without a cache.
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import { createKeyStore } from '#forebay/shared/keys/key-store.js';
import { freePort } from '../../support/free-port.ts';
import { colourImage, startService, writeTinyModel, type Service } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

let service: Service;
let images: Buffer[];
let keys: Record<'default' | 'alice' | 'bob', string>;
let workerUrl: string;
let cacheFolder: string;

beforeAll(async () => {
  const port = await freePort();
  workerUrl = `http://127.0.0.1:${port}`;
  service = await startService({
    workers: 0,
    env: { FOREBAY_AUTH: 'on', FOREBAY_WORKER_PORT: String(port), FOREBAY_LOG_LEVEL: 'silent' },
  });
  cacheFolder = join(service.folder, 'data/result-cache');
  const redis = new Redis(service.redis.url);
  const store = createKeyStore({ redis });
  const keyOf = async (tenant: string) =>
    (await store.create({ name: 'test', tenant, scopes: ['jobs:read', 'jobs:write'], expiresAt: null })).text;
  keys = { default: await keyOf('default'), alice: await keyOf('alice'), bob: await keyOf('bob') };
  redis.disconnect();
  writeTinyModel(join(service.models, 'sharper'), 'sharper', { softmax: false });
  images = await Promise.all([0, 1, 2].map(colourImage));
  mkdirSync(join(service.input, 'photos'));
  // Three pictures, each three times, and one that fails.
  for (let i = 0; i < 9; i++) writeFileSync(join(service.input, `photos/${i}.png`), images[i % 3]!);
  writeFileSync(join(service.input, 'photos/x.png'), 'broken');
  await service.startWorker();
});
afterAll(async () => service.close());
beforeEach(() => rmSync(cacheFolder, { recursive: true, force: true }));

let outputs = 0;

async function run(
  options: object,
  more: object = {},
  tenant: keyof typeof keys = 'default',
): Promise<JobWire> {
  const headers = { authorization: `Bearer ${keys[tenant]}` };
  const root = tenant === 'default' ? 'out' : `out/${tenant}`;
  const body = {
    model: 'tiny',
    input: { type: 'files', path: 'photos' },
    output: join(service.folder, root, `job-${outputs++}`),
    options: { block_rows: 64, ...options },
    ...more,
  };
  const submitted = await service.post('/v1/jobs', body, headers);
  const { id, ...rest } = (await submitted.json()) as JobWire;
  expect([submitted.status, rest]).toEqual([202, expect.anything()]);
  return waitUntil(`${id} to end`, async () => {
    const job = (await (await service.request(`/v1/jobs/${id}`, { headers })).json()) as JobWire;
    return ['completed', 'failed', 'cancelled'].includes(job.status) && job;
  });
}

const CACHED = { cache: 'on' };

/** Everything that a job has written about its rows. */
function rowsOf({ output }: JobWire, kinds = /^(part|errors)-/): string {
  const names = readdirSync(output).filter((name) => kinds.test(name));
  return names
    .toSorted()
    .map((name) => readFileSync(join(output, name), 'utf8'))
    .join('');
}

function entries(): string[] {
  return readdirSync(cacheFolder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

async function measured(outcome: 'hit' | 'miss'): Promise<number> {
  const text = await (await fetch(`${workerUrl}/metrics`)).text();
  const line = new RegExp(`^forebay_cache_rows_total\\{model="tiny",outcome="${outcome}"\\} (\\d+)$`, 'm');
  return Number(line.exec(text)?.[1] ?? 0);
}

it('computes equal rows once, within and across jobs, and keeps no failed row', async () => {
  const [hits, misses] = [await measured('hit'), await measured('miss')];
  const plain = await run({});
  expect(plain.cache).toBeNull();
  const first = await run(CACHED);
  // Only a lane says what is wrong with the failed row, so it is computed each time.
  expect(first).toMatchObject({ status: 'completed', rows: { succeeded: 9, failed: 1 } });
  expect(first.cache).toEqual({ hits: 6, misses: 4 });
  expect(entries()).toHaveLength(3);
  const second = await run({ ...CACHED, block_rows: 4 });
  expect(second.cache).toEqual({ hits: 9, misses: 1 });
  expect(rowsOf(first)).toBe(rowsOf(plain));
  expect(rowsOf(second)).toBe(rowsOf(plain));
  // A later delta job knows the versions of all files.
  expect(rowsOf(second, /^_rows-/).replaceAll(/\{.*\}\n/g, '')).toBe(
    rowsOf(plain, /^_rows-/).replaceAll(/\{.*\}\n/g, ''),
  );
  expect(await measured('hit')).toBe(hits + 15);
  expect(await measured('miss')).toBe(misses + 5);
});

it('serves no result of another model, other options or another tenant', async () => {
  const misses = { hits: 6, misses: 4 };
  const hits = { hits: 9, misses: 1 };
  await run(CACHED);
  const others = await Promise.all([
    run({ ...CACHED, top_k: 1 }),
    run(CACHED, { model: 'sharper' }),
    run(CACHED, {}, 'alice'),
    run(CACHED, {}, 'bob'),
  ]);
  expect(others.map(({ cache }) => cache)).toEqual([misses, misses, misses, misses]);
  // The model's own value of the option is 2.
  const again = await Promise.all([run({ ...CACHED, top_k: 2 }), run(CACHED, {}, 'bob')]);
  expect(again.map(({ cache }) => cache)).toEqual([hits, hits]);
});

it('knows rows of tables by what the model reads of them, and gives each its own joined columns', async () => {
  const line = (id: number) => JSON.stringify({ id, image: `photos/${id}.png`, note: `note ${id}` });
  writeFileSync(join(service.input, 'rows.jsonl'), [0, 1, 2, 3, 4].map(line).join('\n'));
  const table = { input: { type: 'jsonl', path: 'rows.jsonl' } };
  const asked = (name: string) => ({ ...table, output: { path: service.out(name), join: ['note'] } });
  const plain = await run({}, asked('table'));
  const cached = await run(CACHED, asked('cached-table'));
  expect(cached.cache).toEqual({ hits: 2, misses: 3 });
  expect(rowsOf(cached)).toBe(rowsOf(plain));
  expect(rowsOf(cached)).toContain('note 4');
});

it('ignores entries that are cut off, changed or of another version, and writes them again', async () => {
  const plain = await run({});
  await run(CACHED);
  const [cut, changed, newer] = entries();
  truncateSync(cut!, readFileSync(cut!).length - 1);
  writeFileSync(changed!, readFileSync(changed!, 'utf8').replace('"score":0', '"score":1'));
  writeFileSync(newer!, readFileSync(newer!, 'utf8').replace('{"v":1,', '{"v":2,'));
  const job = await run(CACHED);
  expect(job.cache).toEqual({ hits: 6, misses: 4 });
  expect(rowsOf(job)).toBe(rowsOf(plain));
  expect((await run(CACHED)).cache).toEqual({ hits: 9, misses: 1 });
});
