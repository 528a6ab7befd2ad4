/** Starts the server whose bucket has very many keys. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const BUCKET = 'bench';

/**
 * @param {string} picture that all objects hold
 * @returns `env`: of a service that reads the bucket. `root`: its URL. `prefix(keys)`: a prefix with this many keys.
 *   `slowPrefix(keys)`: the same, with 100 ms per page. `seen()`: what the server was asked for so far. `stop()`
 */
export async function startBucket(picture) {
  const server = fork(fileURLToPath(new URL('bucket-server.js', import.meta.url)), [picture]);
  const exited = once(server, 'exit');
  const [{ url }] = await Promise.race([
    once(server, 'message'),
    exited.then(() => Promise.reject(new Error('the server of the bucket has ended'))),
  ]);
  return {
    root: `s3://${BUCKET}/`,
    prefix: (keys) => `s3://${BUCKET}/keys-${keys}/`,
    slowPrefix: (keys) => `s3://${BUCKET}/slow-keys-${keys}/`,
    env: {
      AWS_ENDPOINT_URL: url,
      AWS_REGION: 'us-east-1',
      // Any keys will do. Signing costs what it costs with a real store.
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
    },
    seen: async () => (await fetch(`${url}/seen`)).json(),
    async stop() {
      server.disconnect();
      await exited;
    },
  };
}
