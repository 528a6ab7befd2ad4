import { afterAll, beforeAll, expect, it } from 'vitest';
import { LOCAL_FILES } from '#forebay/shared/datasets/bytes/local-files.js';
import type { DatasetSpec } from '#forebay/shared/domain/dataset-spec.js';
import { ForebayError } from '#forebay/shared/errors.js';
import type { Stores } from '#forebay/shared/stores/stores.js';
import { createRowReader } from '#forebay/workers/intake/read/row-reader.js';
import { createOutageCheck } from '#forebay/workers/intake/read/store-outage.js';
import { refusing, serveS3, type S3Answers } from '../../../../support/s3-answers.ts';
import { s3At, testStores } from '../../../../support/stores.ts';

let busy: S3Answers;
let starting: S3Answers;
const stores: Stores[] = [];
beforeAll(async () => {
  busy = await serveS3(refusing(503, 'SlowDown'));
  // The server answers, but has no object yet.
  starting = await serveS3((request, response) =>
    (/probe|absent/.test(request.url!) ? ABSENT : LOST)(request, response),
  );
});
afterAll(async () => {
  await Promise.all(stores.map(async (one) => one.close()));
  await Promise.all([busy, starting].map(async (server) => server.close()));
});

const LOST = refusing(500, 'InternalError');
const ABSENT = refusing(404, 'NoSuchKey');

function storesOf({ endpoint }: Pick<S3Answers, 'endpoint'>): Stores {
  const own = testStores({ s3: [s3At(endpoint, { credentials: 'none' })] });
  stores.push(own);
  return own;
}

/** Reads an object. */
function readerOf({ endpoint }: Pick<S3Answers, 'endpoint'>, unreadMs?: number) {
  const own = storesOf({ endpoint });
  const reader = createRowReader({
    files: LOCAL_FILES,
    fetchBytes: async (of, signal) => (await own.of(of)).read(of, { signal }),
    outages: createOutageCheck(own, unreadMs === undefined ? {} : { unreadMs }),
    inputRoots: [],
    objectRoots: ['s3://'],
    maxFileBytes: 1000,
    maxFetchRatio: 100,
  });
  const dataset: DatasetSpec = { type: 'manifest', path: '/list', base: '/' };
  const rows = { dataset, tenant: 'default', input: 'image' } as const;
  return async (url: string) => {
    const located = reader.locate(rows, { id: 'a', at: url });
    if (!('fetch' in located)) throw new Error('nothing to fetch');
    return reader.fetch(rows, located.fetch, new AbortController().signal);
  };
}

const waits = (why: string) => ({
  code: 'storage_unavailable',
  message: expect.stringMatching(new RegExp(`^s3://bucket cannot be read: .*${why}`)) as string,
});

it('lets rows wait while the store is down, or answers and reads no object', async () => {
  await Promise.all([
    expect(readerOf(busy)('s3://bucket/a.jpg')).rejects.toMatchObject(waits('SlowDown')),
    expect(readerOf(starting)('s3://bucket/a.jpg')).rejects.toMatchObject(waits('InternalError')),
  ]);
});

it('gives an error to an object that stays unreadable while the store reads others', async () => {
  const [lost, absent] = await Promise.all(
    ['lost', 'absent'].map(async (name) => readerOf(starting, 0)(`s3://bucket/${name}.jpg`)),
  );
  expect(lost).toMatchObject({ ok: false, error: { code: 'fetch_unavailable' } });
  expect(absent).toMatchObject({ ok: false, error: { code: 'file_not_found' } });

  // An object that is read before this one fails proves nothing. So the first run of the block fails, and not the next.
  const own = storesOf(starting);
  const outages = createOutageCheck(own);
  const { signal } = new AbortController();
  const read = async (name: string) => {
    const url = `s3://bucket/${name}`;
    return outages.run(url, signal, async () =>
      name === 'lost' ? Promise.reject(new ForebayError('fetch_unavailable', 'It is lost.')) : 'here',
    );
  };
  expect(await read('good')).toBe('here');
  await expect(read('lost')).rejects.toMatchObject(waits('lost'));
  expect(await read('good')).toBe('here');
  await expect(read('lost')).rejects.toMatchObject({ code: 'fetch_unavailable' });
});
