import { gzipSync } from 'node:zlib';
import { Agent } from 'undici';
import { afterEach, expect, it } from 'vitest';
import { gatherAnswer } from '#forebay/shared/net/gather-answer.js';
import { serveS3, type Answer, type S3Answers } from '../../../support/s3-answers.ts';

const LIMITS = { maxBytes: 3_000_000, maxRatio: 100 };
const agent = new Agent();
let server: S3Answers | null = null;
afterEach(async () => server?.close());

const never = { onOver: () => {} };
const zeros = Buffer.alloc(2_500_000);

async function gathering(answer: Answer, attempt: Parameters<typeof gatherAnswer>[3] = never) {
  server = await serveS3(answer);
  return gatherAnswer(agent, { origin: server.endpoint, path: '/', method: 'GET' }, LIMITS, attempt);
}

/** Sends the chunk repeatedly until the client closes the connection. */
function endless(status: number): { readonly answer: Answer; readonly closed: Promise<void> } {
  let close = () => {};
  const closed = new Promise<void>((resolve) => (close = resolve));
  const answer: Answer = (_, response) => {
    response.writeHead(status).on('drain', more).on('close', close);
    more();
    function more() {
      while (!response.destroyed && response.write(zeros));
    }
  };
  return { answer, closed };
}

it('a body of several chunks arrives whole', async () => {
  const { statusCode, headers, body } = await gathering((_, response) =>
    response.writeHead(200, { etag: '"1"' }).end(zeros),
  );
  expect([statusCode, headers['etag'], zeros.equals(body)]).toEqual([200, '"1"', true]);
});

it('a body that is too long is refused, and its connection is closed', async () => {
  const { answer, closed } = endless(200);
  await expect(gathering(answer)).rejects.toMatchObject({ code: 'file_too_large' });
  await closed;
});

it('the beginning of an endless error is enough', async () => {
  const { answer, closed } = endless(500);
  const { statusCode, body } = await gathering(answer);
  expect(statusCode).toBe(500);
  expect(body.length).toBeLessThan(zeros.length);
  await closed;
});

it('a compressed body is decompressed, but a bomb is not', async () => {
  const zipped = (bytes: Buffer): Answer => {
    return (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(bytes));
  };
  expect((await gathering(zipped(zeros.subarray(0, 1000)))).body).toEqual(zeros.subarray(0, 1000));
  await server!.close();
  await expect(gathering(zipped(zeros))).rejects.toMatchObject({ code: 'fetch_inflated' });
});

it('a request that is stopped ends, whether or not it has a connection', async () => {
  let stop = () => {};
  let close = () => {};
  const closed = new Promise<void>((resolve) => (close = resolve));
  const silent: Answer = ({ socket }) => {
    socket.on('close', close);
    stop();
  };
  await expect(gathering(silent, { onOver: (end) => void (stop = end) })).rejects.toThrow('stopped');
  await closed;
  await server!.close();
  await expect(gathering(silent, { onOver: (end) => end() })).rejects.toThrow('stopped');
});
