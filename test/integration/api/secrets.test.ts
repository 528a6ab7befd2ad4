// The service reveals neither Redis' password nor the secrets of keys nor the files of other tenants.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKeyStore } from '#forebay/shared/keys/key-store.js';
import { connectRedis } from '#forebay/shared/queue/connection.js';
import { makeServiceFolder, startOwnProcess, type OwnProcess } from '../../support/own-process.ts';
import { startTestRedis } from '../../support/redis.ts';
import { colourImage, readOutput, writeImages, writeTinyModel } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

const PASSWORD = 'p4ssw0rd-of-redis';
const quiet = () => undefined;
const place = makeServiceFolder();
const keys: Record<string, string> = {};
let redis: Awaited<ReturnType<typeof startTestRedis>>;
let api: OwnProcess;
let worker: OwnProcess;
let url: string;
/** Every answer of the API, with its headers. */
const answers: string[] = [];

beforeAll(async () => {
  redis = await startTestRedis();
  const operator = connectRedis(redis.url, 'background', quiet);
  for (const tenant of ['alice', 'bob']) {
    const scopes = ['jobs:read' as const, 'jobs:write' as const];
    const { text } = await createKeyStore({ redis: operator }).create({
      name: 'test',
      tenant,
      scopes,
      expiresAt: null,
    });
    keys[tenant] = text;
  }
  await operator.config('SET', 'requirepass', PASSWORD);
  operator.disconnect();
  writeTinyModel(join(place.folder, 'models', 'tiny'), 'tiny');
  await writeImages(join(place.folder, 'input', 'few'), 3);
  const env = {
    ...place.env,
    REDIS_URL: redis.url.replace('unix://', `unix://:${PASSWORD}@`),
    // The widest input root. It contains the results and the data folder.
    FOREBAY_INPUT_ROOTS: place.folder,
    FOREBAY_AUTH: 'on',
    FOREBAY_LOG_LEVEL: 'debug',
    FOREBAY_SHUTDOWN_GRACE_S: '1',
  };
  api = startOwnProcess('api', env);
  worker = startOwnProcess('workers', env);
  [, url = ''] = await api.says(/"url":"(http:[^"]+)","msg":"listening"/);
});
afterAll(async () => {
  await Promise.all([api, worker].map((one) => one?.stop()));
  await redis.stop();
  place.remove();
});

async function call(path: string, key: string | undefined, body?: object) {
  const response = await fetch(url + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  answers.push(`${JSON.stringify([...response.headers])}\n${text}`);
  return { http: response.status, text };
}

async function run(tenant: string, input: object): Promise<{ id: string; output: string }> {
  const submitted = await call('/v1/jobs', keys[tenant], { model: 'tiny', input });
  expect(submitted.http).toBe(202);
  const { id } = JSON.parse(submitted.text) as { id: string };
  return waitUntil(`${id} to end`, async () => {
    const job = JSON.parse((await call(`/v1/jobs/${id}`, keys[tenant])).text) as {
      id: string;
      status: string;
      output: string;
    };
    return ['completed', 'failed'].includes(job.status) && job;
  });
}

// The tests run in this order, because the second one stops Redis.
describe('a service with a password and tenants', { shuffle: false }, () => {
  it("a manifest row that names a tenant's result fails for other tenants, but not for that tenant", async () => {
    const { output } = await run('alice', { type: 'files', path: 'input/few' });
    // An image that would be answered if it were read.
    const image = join(output, 'part-hers.png');
    writeFileSync(image, await colourImage(0));
    mkdirSync(join(place.folder, 'data', 'spool'), { recursive: true });
    const inData = join(place.folder, 'data', 'spool', 'x.png');
    writeFileSync(inData, await colourImage(0));
    writeFileSync(
      join(place.folder, 'input', 'rows.txt'),
      [
        join(place.folder, 'input', 'few', '000000.png'),
        image,
        `../${image.slice(place.folder.length + 1)}`,
        inData,
      ].join('\n'),
    );
    const codesOf = (folder: string) =>
      readOutput(folder, 'errors').map(({ index, error }) => [index, error!.code]);
    const input = { type: 'manifest', path: 'input/rows.txt' };
    expect(codesOf((await run('bob', input)).output)).toEqual([
      [1, 'path_not_allowed'],
      [2, 'path_not_allowed'],
      [3, 'path_not_allowed'],
    ]);
    expect(codesOf((await run('alice', input)).output)).toEqual([[3, 'path_not_allowed']]);
  });

  it("Redis' password and a key's secret appear in nothing that the service answers, logs or writes", async () => {
    const key = keys['alice']!;
    const { id, output } = await run('alice', { type: 'files', path: 'input/few' });
    for (const path of ['', '/results', '/errors', '/stats', '/events'])
      await call(`/v1/jobs/${id}${path}`, key);
    expect((await call('/v1/jobs', `${key.slice(0, -2)}xx`)).http).toBe(401);
    expect((await call(`/v1/jobs/${id}`, keys['bob'])).http).toBe(404);
    const nowhere = { model: 'tiny', input: { type: 'files', path: 'nowhere' } };
    expect((await call('/v1/jobs', key, nowhere)).http).toBe(422);
    expect((await call(`/v1/jobs?api_key=${key}`, undefined)).http).toBe(401);

    const commandLines = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => readOrNothing(`/proc/${pid}/cmdline`));
    const isLane = new RegExp(`\\) [A-Z] ${worker.pid} `);
    const lanes = readdirSync('/proc').filter((pid) => isLane.test(readOrNothing(`/proc/${pid}/stat`)));
    expect(lanes.length).toBeGreaterThan(0);

    process.kill(redis.pid, 'SIGKILL');
    await waitUntil('the API to notice', async () => (await call('/readyz', undefined)).http === 503);
    expect((await call('/v1/jobs', key)).http).toBe(503);
    await waitUntil('both to log it', () => [api, worker].every((one) => one.said().includes('Redis')));

    const written = readdirSync(output).map((name) => readFileSync(join(output, name), 'utf8'));
    expect(readdirSync(output)).toEqual(expect.arrayContaining(['job.json', 'manifest.json']));
    const said = { answers, written, commandLines, logs: [api.said(), worker.said()] };
    const secret = key.split('_').slice(2).join('_');
    for (const [where, texts] of Object.entries(said)) {
      for (const hidden of [PASSWORD, secret])
        expect(texts.filter((text) => text.includes(hidden)).length, where).toBe(0);
    }
  });
});

/** Empty if the process has exited meanwhile. */
function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
