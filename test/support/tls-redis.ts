// A Redis on a TLS port, with certificates created by the test. If the embedded Redis has no TLS built in, a Node
// server in front of it terminates TLS.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { Redis } from 'ioredis';
import { onPath } from '#forebay/cli/redis/redis-program.js';
import { freePort } from './free-port.ts';
import { startTestRedis } from './redis.ts';

/** Null if certificates can be created here, otherwise the reason for skipping a test. */
export const noCertificates: string | null =
  onPath('openssl', process.env) === null ? 'skipped: creating certificates needs openssl' : null;

/** PEM files of a new certificate authority, and of the certificate that it signed for `localhost` and 127.0.0.1. */
export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export function makeCertificates(folder: string, name: string): Certificates {
  const file = (what: string) => join(folder, `${name}-${what}.pem`);
  const [ca, caKey, request, cert, key, names] = ['ca', 'ca-key', 'request', 'cert', 'key', 'names'].map(
    file,
  ) as [string, string, string, string, string, string];
  writeFileSync(names, 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...newKey, '-keyout', caKey, '-out', ca, '-days', '2', '-subj', `/CN=${name} CA`);
  openssl('req', ...newKey, '-keyout', key, '-out', request, '-subj', '/CN=localhost');
  const sign = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-days', '2', '-extfile', names];
  openssl('x509', '-req', '-in', request, ...sign, '-out', cert);
  return { ca, cert, key };
}

export type TlsRedis = Awaited<ReturnType<typeof startTlsRedis>>;

export async function startTlsRedis({ ca, cert, key }: Certificates) {
  const redis = await startTestRedis();
  const operator = new Redis(redis.socketPath);
  const port = await freePort();
  const files = ['tls-cert-file', cert, 'tls-key-file', key, 'tls-ca-cert-file', ca] as const;
  const own = await operator
    .call('CONFIG', 'SET', ...files, 'tls-auth-clients', 'no', 'tls-port', String(port))
    .then(
      () => null,
      () => terminateTls(redis.socketPath, { cert, key, port }),
    );
  return {
    port,
    /** An administrator's connection over its unix socket. */
    operator,
    /** Whether the server itself supports TLS. */
    speaksTls: own === null,
    async stop() {
      operator.disconnect();
      own?.close();
      await redis.stop();
    },
  };
}

function terminateTls(socketPath: string, { cert, key, port }: { cert: string; key: string; port: number }) {
  const options = { cert: readFileSync(cert), key: readFileSync(key) };
  const server = createServer(options, (client) => {
    const inner = connect(socketPath);
    client.pipe(inner).pipe(client);
    client.on('error', () => inner.destroy());
    inner.on('error', () => client.destroy());
  });
  return server.listen(port, '127.0.0.1');
}
