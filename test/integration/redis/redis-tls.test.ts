// Redis over TLS, with a private certificate authority and the rights of docs/security.md. Also the messages if that
// authority is not trusted.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentedRights } from '../../support/documented-rights.ts';
import { freePort } from '../../support/free-port.ts';
import { makeServiceFolder, startOwnProcess } from '../../support/own-process.ts';
import { indexes, readOutput, startService, upTo, writeImages } from '../../support/service.ts';
import {
  makeCertificates,
  noCertificates,
  startTlsRedis,
  type Certificates,
  type TlsRedis,
} from '../../support/tls-redis.ts';

const PASSWORD = 'only-for-this-test';
const BIN = join(import.meta.dirname, '../../../bin/forebay.js');

describe.skipIf(noCertificates)(noCertificates ?? 'a Redis that speaks TLS', () => {
  const place = makeServiceFolder();
  let own: Certificates;
  let redis: TlsRedis;
  const at = (host: string, port = redis.port) => `rediss://forebay:${PASSWORD}@${host}:${port}`;
  beforeAll(async () => {
    own = makeCertificates(place.folder, 'own');
    redis = await startTlsRedis(own);
    await redis.operator.call('ACL', 'SETUSER', 'forebay', ...documentedRights(PASSWORD));
    await redis.operator.call('ACL', 'SETUSER', 'default', 'off');
  });
  afterAll(async () => {
    await redis?.stop();
    place.remove();
  });

  it('serves jobs from start to end at a name and at an address, with the authority in NODE_EXTRA_CA_CERTS', async () => {
    const env = { NODE_EXTRA_CA_CERTS: own.ca, NODE_OPTIONS: '--throw-deprecation' };
    const service = await startService({ workers: 0, env: { REDIS_URL: at('localhost'), ...env } });
    try {
      await service.startWorker({ REDIS_URL: at('127.0.0.1') });
      await writeImages(join(service.input, 'few'), 40);
      const input = { type: 'files', path: 'few' };
      const { id } = await service.submit({ input, output: 'few', options: { block_rows: 4 } });
      expect((await service.ended(id)).status).toBe('completed');
      expect(indexes(readOutput(service.out('few')))).toEqual(upTo(40));
    } finally {
      await service.close();
    }
  });

  /** What API and worker log while they wait. */
  async function saidByService(env: Record<string, string>): Promise<string[]> {
    const lineOf = async (part: 'api' | 'workers') => {
      const process = startOwnProcess(part, { ...place.env, ...env });
      try {
        const [line] = await process.says(/^.*cannot be reached.*\n/m);
        expect(process.said()).not.toContain(PASSWORD);
        return line;
      } finally {
        expect(await process.stop()).toBe(0);
      }
    };
    return Promise.all((['api', 'workers'] as const).map(lineOf));
  }

  async function saidByCommands(env: Record<string, string>): Promise<string[]> {
    const outputOf = async (...args: string[]) => {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [BIN, ...args], {
        cwd: place.folder,
        env: { ...process.env, ...place.env, ...env },
      }).catch((error: { stdout: string; stderr: string }) => error);
      expect(stdout + stderr).not.toContain(PASSWORD);
      return stdout + stderr;
    };
    return Promise.all([outputOf('doctor'), outputOf('keys', 'list')]);
  }

  const saidBy = async (env: Record<string, string>) =>
    (await Promise.all([saidByService(env), saidByCommands(env)])).flat();

  it('is not trusted without its authority, and API, worker and commands explain the fix', async () => {
    const other = makeCertificates(place.folder, 'other');
    const env = { REDIS_URL: at('localhost') };
    const said = [saidBy(env), saidByCommands({ ...env, NODE_EXTRA_CA_CERTS: other.ca })];
    for (const words of (await Promise.all(said)).flat()) {
      expect(words).toMatch(/self-signed certificate|unable to (verify|get)/);
      expect(words).toContain('set NODE_EXTRA_CA_CERTS to the PEM file of that authority');
    }
  });

  it('must be addressed by a name in its certificate, and API, worker and commands report that', async () => {
    const env = { REDIS_URL: at('127.0.0.2'), NODE_EXTRA_CA_CERTS: own.ca };
    for (const words of await saidBy(env))
      expect(words).toMatch(/use a name of the certificate in (REDIS_URL|--redis-url)/);
  });

  it('is recognised if its URL says redis, and so is a Redis without TLS if its URL says rediss', async () => {
    const port = await freePort();
    await redis.operator.call('CONFIG', 'SET', 'port', String(port));
    for (const [url, advice] of [
      [at('localhost', port), 'redis:// if its port does not use TLS'],
      [at('localhost').replace('rediss:', 'redis:'), 'rediss:// if it requires TLS'],
    ] as const) {
      for (const words of await saidByService({ REDIS_URL: url })) expect(words).toContain(advice);
    }
  });
});
