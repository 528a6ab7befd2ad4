// The API as a process: when it starts without keys, how it treats slow clients, and keys that the command creates.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedRedis } from '#forebay/cli/redis/embedded-redis.js';
import { forebayCommands, type ForebayCommands } from '../../support/forebay-command.ts';
import { forebay } from '../../support/forebay-program.ts';
import { redisCacheDir, silentLog, startTestRedis } from '../../support/redis.ts';
import { startService, type Service } from '../../support/service.ts';

let folder: string;
let commands: ForebayCommands;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'forebay-access-'));
  commands = forebayCommands(folder);
});
afterAll(async () => {
  await commands.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('an API that listens beyond loopback', () => {
  it('does not start without a key, and explains how to create one or to run without keys', async () => {
    const redis = await startTestRedis();
    try {
      const { code, err } = await commands.run(
        'api',
        '--host',
        '0.0.0.0',
        '--port',
        '0',
        '--redis-url',
        redis.url,
      );
      expect(code).toBe(1);
      expect(err).toMatch(/0\.0\.0\.0.*forebay keys create.*--insecure/);
      expect(err).not.toContain('listening');
    } finally {
      await redis.stop();
    }
  });

  it('is also refused by `forebay up`, which then leaves nothing behind', async () => {
    const { code, err } = await commands.run('up', '--host', '0.0.0.0', '--port', '0', '--data', 'refused');
    expect(code).not.toBe(0);
    expect(err).toMatch(/forebay keys create.*--insecure/);
    await commands.nothingLeft();
  });
});

const run = async (...args: string[]) => forebay({ cwd: folder }, ...args);

describe('forebay keys', () => {
  it('creates, lists and revokes keys of a data folder, whether its service runs or not', async () => {
    const { out, err, code } = await run('keys', 'create', '--name', 'ci', '--scope', 'admin', '--data', 'd');
    expect([code, out]).toEqual([0, expect.stringMatching(/^fbk_[0-9a-f]{16}_[\w-]{43}\n$/)]);
    expect(err).toContain('not shown again');
    const id = out.split('_')[1]!;

    // This Redis stands in for a running service. The folder is in use, and only its lock names the socket.
    const running = await startEmbeddedRedis({
      dataDir: join(folder, 'd'),
      cacheDir: redisCacheDir,
      env: process.env,
      log: silentLog,
      takesUrl: true,
    });
    try {
      const more = await run(
        'keys',
        'create',
        '--name',
        'b',
        '--tenant',
        'b',
        '--expires',
        '2h',
        '--data',
        'd',
      );
      expect(more.code).toBe(0);
      const list = await run('keys', 'list', '--data', 'd', '--json');
      const { data } = JSON.parse(list.out) as { data: { id: string; tenant: string; scopes: string[] }[] };
      expect(data).toMatchObject([
        { id, tenant: 'default', scopes: ['admin'], expires_at: null },
        {
          name: 'b',
          tenant: 'b',
          scopes: ['jobs:read', 'jobs:write'],
          expires_at: expect.any(String) as string,
        },
      ]);
    } finally {
      await running.stop();
    }
    expect((await run('keys', 'revoke', id, '--data', 'd')).code).toBe(0);
    const { out: left } = await run('keys', 'list', '--data', 'd');
    expect(left).not.toContain(id);
    expect((await run('keys', 'revoke', id, '--data', 'd')).err).toContain('There is no key');
  });

  it('explains wrong options, and asks for --data if neither --data nor a Redis is given', async () => {
    const wrong = await run(
      'keys',
      'create',
      '--name',
      'x',
      '--scope',
      'root',
      '--tenant',
      'A/B',
      '--data',
      'd',
    );
    expect([wrong.code, wrong.err]).toEqual([
      2,
      expect.stringMatching(/--tenant: .*--scope: |--scope: .*--tenant: /s),
    ]);
    expect((await run('keys', 'create', '--data', 'd')).err).toContain('--name NAME is missing');
    expect((await run('keys', 'list')).err).toContain('--data');
  });
});

describe('an API that requires keys', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({
      workers: 0,
      env: { FOREBAY_AUTH: 'on', FOREBAY_REQUEST_TIMEOUT_S: '1' },
    });
  });
  afterAll(() => service.close());

  it('accepts commands whose key comes from a file or from the environment', async () => {
    const make = await run('keys', 'create', '--name', 'cli', '--redis-url', service.redis.url);
    const key = make.out.trim();
    writeFileSync(join(folder, 'cli.key'), make.out);
    const models = ['models', '--url', service.url, '--json'];
    const without = await run(...models);
    expect([without.code, without.err]).toEqual([1, expect.stringContaining('FOREBAY_API_KEY')]);
    expect((await run(...models, '--api-key-file', 'cli.key')).code).toBe(0);
    expect((await forebay({ cwd: folder, env: { FOREBAY_API_KEY: key } }, ...models)).code).toBe(0);
    expect((await run(...models, '--api-key-file', 'none.key')).code).toBe(2);
  });

  it('cuts off clients that send headers or a body too slowly, or headers that are too large', async () => {
    const { hostname, port } = new URL(service.url);
    const talk = (text: string) =>
      new Promise<string>((resolve, reject) => {
        const socket = connect(Number(port), hostname);
        let answer = '';
        socket.on('data', (data) => (answer += data.toString()));
        socket.on('error', reject);
        socket.on('close', () => resolve(answer));
        socket.write(text);
      });
    const slow = Array.from({ length: 5 }, () => talk('GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\nX-A: '));
    const make = await run('keys', 'create', '--name', 'slow', '--redis-url', service.redis.url);
    const post = (header: string) =>
      talk(
        `POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\n${header}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
      );
    const [body, known] = [post(''), post(`X-API-Key: ${make.out.trim()}\r\n`)];
    const large = talk(`GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`);
    const nameless = talk('GET /healthz HTTP/1.1\r\n\r\n');
    for (const answer of await Promise.all(slow)) expect(answer).toMatch(/^HTTP\/1.1 408/);
    // Without a key the request may be refused before its body is read.
    expect(await body).toMatch(/^HTTP\/1.1 (401|408)/);
    expect(await known).toMatch(/^HTTP\/1.1 408/);
    expect(await large).toMatch(/^HTTP\/1.1 431/);
    expect(await nameless).toMatch(/^HTTP\/1.1 400/);
    expect((await service.request('/healthz')).status).toBe(200);
  });
});
