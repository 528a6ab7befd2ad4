import { afterEach, describe, expect, it } from 'vitest';
import type { S3Settings } from '#forebay/shared/stores/s3/s3-settings.js';
import type { Stores } from '#forebay/shared/stores/stores.js';
import {
  cut,
  here,
  listing,
  refusing,
  serveS3,
  type Answer,
  type S3Answers,
} from '../../../support/s3-answers.ts';
import { s3At, testStores } from '../../../support/stores.ts';

const never = new AbortController().signal;
let server: S3Answers | null = null;
let stores: Stores | null = null;
afterEach(async () => {
  await stores?.close();
  await server?.close();
});

const cutBody: Answer = (_, response) => {
  response.writeHead(200, { 'content-length': 100 }).write('the start', () => response.destroy());
};
const KEYS = { ACCESS: 'AKID', SECRET: 'very secret' };

async function reading(answers: Answer[], more: Partial<S3Settings> = {}, url = 's3://bucket/key.txt') {
  server = await serveS3(...answers);
  const credentials = { env: { access_key: 'ACCESS', secret_key: 'SECRET' } };
  stores = testStores({ env: KEYS, s3: [s3At(server.endpoint, { credentials, ...more })] });
  const bytes = await (await stores.of(url)).read(url, { signal: never });
  return Buffer.from(bytes).toString();
}

async function listed(after: string | null, ...answers: Answer[]): Promise<string[]> {
  server = await serveS3(...answers);
  stores = testStores({ s3: [s3At(server.endpoint, { credentials: 'none' })] });
  const urls: string[] = [];
  for await (const { url } of (await stores.listing('s3://bucket/')).list('s3://bucket/p/', after, never)) {
    urls.push(url);
  }
  return urls;
}

const page =
  (...keys: string[]): Answer =>
  (_, response) =>
    response.end(
      `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${keys
        .map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`)
        .join('')}</ListBucketResult>`,
    );

describe('what may pass is retried', () => {
  it.each([
    ['503 SlowDown', refusing(503, 'SlowDown')],
    ['500', refusing(500, 'InternalError')],
    ['429', refusing(429, 'TooManyRequests', '', { 'retry-after': '0' })],
    ['400 RequestTimeout', refusing(400, 'RequestTimeout')],
    ['a connection that is cut before the answer', cut],
    ['a connection that is cut in the body', cutBody],
  ])('%s', async (_, answer) => {
    expect(await reading([answer, here])).toBe('here');
    expect(server!.requests).toHaveLength(2);
  });
});

describe('a bucket that was there and is said to be missing', () => {
  const missing = refusing(404, 'NoSuchBucket');

  it('is asked for once more', async () => {
    expect(await reading([here, missing, here])).toBe('here');
    const store = await stores!.of('s3://bucket/');
    expect(Buffer.from(await store.read('s3://bucket/key.txt', { signal: never })).toString()).toBe('here');
    expect(server!.requests).toHaveLength(3);
  });

  it('is missing if the server says so again', async () => {
    await reading([here, missing]);
    const store = await stores!.of('s3://bucket/');
    await expect(store.read('s3://bucket/key.txt', { signal: never })).rejects.toMatchObject({
      code: 'file_not_found',
    });
    expect(server!.requests).toHaveLength(3);
  });
});

describe('what will not pass is not retried, and says what to do', () => {
  it.each([
    ['file_not_found', /s3:\/\/bucket\/key.txt does not exist/, refusing(404, 'NoSuchKey')],
    ['file_not_found', /the bucket of .* does not exist at http/, refusing(404, 'NoSuchBucket')],
    ['access_denied', /Allow the credentials .* list the bucket/, refusing(403, 'AccessDenied')],
    ['access_denied', /does not know the access key/, refusing(403, 'InvalidAccessKeyId')],
    ['access_denied', /Check the secret key/, refusing(403, 'SignatureDoesNotMatch')],
    ['access_denied', /token has expired/, refusing(400, 'ExpiredToken')],
    ['file_unreadable', /archive/, refusing(403, 'InvalidObjectState')],
    ['dataset_changed', /changed/, refusing(412, 'PreconditionFailed')],
    ['fetch_status', /KeyTooLongError/, refusing(400, 'KeyTooLongError')],
    ['fetch_status', /another region/, refusing(301, 'PermanentRedirect')],
  ])('%s: %s', async (code, message, answer) => {
    await expect(reading([answer])).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(server!.requests).toHaveLength(1);
  });

  it('no message has a secret', async () => {
    const error = await reading([refusing(403, 'SignatureDoesNotMatch')]).catch((thrown: Error) => thrown);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toMatch(/very secret|AKID/);
  });
});

describe('a wrong clock of this machine', () => {
  const late = { date: 'Sun, 01 Jan 2040 00:00:00 GMT' };
  const skewed = refusing(403, 'RequestTimeTooSkewed', '', late);

  it('does not matter, because the server tells the time', async () => {
    expect(await reading([skewed, here])).toBe('here');
    expect(server!.requests.map(({ date }) => String(date).slice(0, 4))).toEqual([
      String(new Date().getFullYear()),
      '2040',
    ]);
  });

  it('is reported if the server refuses its own time', async () => {
    await expect(reading([skewed])).rejects.toMatchObject({
      code: 'access_denied',
      message: expect.stringMatching(/clock .* Set it/),
    });
    expect(server!.requests).toHaveLength(2);
  });
});

describe('the region that the server names', () => {
  const signedFor = () =>
    server!.requests.map(({ authorization }) => /\/\d{8}\/([^/]+)\/s3/.exec(authorization!)![1]);

  it.each([
    ['in the body', refusing(400, 'AuthorizationHeaderMalformed', '<Region>eu-west-3</Region>')],
    ['in a header', refusing(301, 'PermanentRedirect', '', { 'x-amz-bucket-region': 'eu-west-3' })],
  ])('%s is tried once, and kept', async (_, answer) => {
    expect(await reading([answer, here])).toBe('here');
    const again = await (await stores!.of('s3://bucket/')).read('s3://bucket/b', { signal: never });
    expect(again.length).toBe(4);
    expect(signedFor()).toEqual(['us-east-1', 'eu-west-3', 'eu-west-3']);
  });

  it('is not followed in circles', async () => {
    const other = refusing(400, 'AuthorizationHeaderMalformed', '<Region>eu-west-3</Region>');
    await expect(reading([other])).rejects.toMatchObject({ code: 'access_denied' });
    expect(server!.requests).toHaveLength(2);
  });

  it('is not followed if it is no name of a region', async () => {
    const other = refusing(400, 'AuthorizationHeaderMalformed', '<Region>evil.example/</Region>');
    await expect(reading([other], { region: 'eu-central-1' })).rejects.toMatchObject({
      code: 'access_denied',
    });
    expect(signedFor()).toEqual(['eu-central-1']);
  });
});

it('signs nothing without credentials', async () => {
  expect(await reading([here], { credentials: 'none' })).toBe('here');
  expect(server!.requests[0]!.authorization).toBeUndefined();
});

it('encodes the key as a whole, so that no part of it becomes a query or another path', async () => {
  await reading([here], {}, 's3://bucket/a b/%2e%2e//c+d#e?f=g/\u00e9!');
  expect(server!.requests[0]!.url).toBe('/bucket/a%20b/%252e%252e//c%2Bd%23e%3Ff%3Dg/%C3%A9%21');
});

describe('listing', () => {
  it('reads pages one by one, only when they are needed', async () => {
    server = await serveS3(listing('p/', 3_500));
    stores = testStores({ s3: [s3At(server.endpoint, { credentials: 'none' })] });
    let seen = 0;
    for await (const { url } of (await stores.listing('s3://b-1/')).list('s3://b-1/p/', null, never)) {
      if (seen++ === 0) expect([url, server.requests.length]).toEqual(['s3://b-1/p/00000000', 1]);
    }
    expect([seen, server.requests.length]).toEqual([3_500, 4]);
  });

  it('continues after a temporary failure without losing or repeating a key', async () => {
    const pages = listing('p/', 2_500);
    const urls = await listed(null, pages, refusing(503, 'SlowDown'), pages, cut, pages);
    expect(new Set(urls).size).toBe(2_500);
    expect(urls).toHaveLength(2_500);
  });

  it('takes byte order and the order of folders, but no other', async () => {
    const byBytes = ['p/a-b', 'p/a/b', 'p/aa'];
    const byFolders = ['p/a/b', 'p/a-b', 'p/aa'];
    expect(await listed(null, page(...byBytes))).toHaveLength(3);
    await server!.close();
    expect(await listed(null, page(...byFolders))).toHaveLength(3);
    await server!.close();
    await expect(listed(null, page('p/b', 'p/a'))).rejects.toMatchObject({
      code: 'input_unreadable',
      message: expect.stringMatching(/does not list .* in order: .*p\/a.* Submit a manifest/),
    });
  });

  it('refuses a server that ignores where to start, and skips the key that it starts after', async () => {
    await expect(listed('s3://bucket/p/b', page('p/a', 'p/b'))).rejects.toMatchObject({
      code: 'input_unreadable',
    });
    await server!.close();
    expect(await listed('s3://bucket/p/b', page('p/b', 'p/c'))).toEqual(['s3://bucket/p/c']);
  });

  it('decodes keys', async () => {
    expect(await listed(null, page('p/a%2Bb+c%25', 'p/%F0%9F%98%80'))).toEqual([
      's3://bucket/p/a+b c%',
      's3://bucket/p/\u{1f600}',
    ]);
  });

  it('says that the endpoint is no S3 server', async () => {
    await expect(listed(null, here)).rejects.toMatchObject({
      code: 'fetch_unreadable',
      message: expect.stringMatching(/not a list of objects/),
    });
  });
});
