import { afterAll, beforeAll, expect, it } from 'vitest';
import { LOCAL_FILES } from '#forebay/shared/datasets/bytes/local-files.js';
import type { DatasetSpec } from '#forebay/shared/domain/dataset-spec.js';
import type { Stores } from '#forebay/shared/stores/stores.js';
import { createRowReader } from '#forebay/workers/intake/read/row-reader.js';
import { createOutageCheck } from '#forebay/workers/intake/read/store-outage.js';
import { refusing, serveS3, type S3Answers } from '../../../../support/s3-answers.ts';
import { s3At, testStores } from '../../../../support/stores.ts';

let busy: S3Answers;
let damaged: S3Answers;
const stores: Stores[] = [];
beforeAll(async () => {
  busy = await serveS3(refusing(503, 'SlowDown'));
  // One object is lost, and the server knows nothing else.
  damaged = await serveS3((request, response) => {
    const isLost = request.url!.includes('lost');
    refusing(isLost ? 500 : 404, isLost ? 'InternalError' : 'NoSuchKey')(request, response);
  });
});
afterAll(async () => {
  await Promise.all(stores.map(async (one) => one.close()));
  await busy.close();
  await damaged.close();
});

async function read({ endpoint }: Pick<S3Answers, 'endpoint'>, url: string) {
  const own = testStores({ s3: [s3At(endpoint, { credentials: 'none' })] });
  stores.push(own);
  const reader = createRowReader({
    files: LOCAL_FILES,
    fetchBytes: async (of, signal) => (await own.of(of)).read(of, { signal }),
    outages: createOutageCheck(own),
    inputRoots: [],
    objectRoots: ['s3://'],
    maxFileBytes: 1000,
    maxFetchRatio: 100,
  });
  const dataset: DatasetSpec = { type: 'manifest', path: '/list', base: '/' };
  const rows = { dataset, tenant: 'default', input: 'image' } as const;
  const located = reader.locate(rows, { id: 'a', at: url });
  if (!('fetch' in located)) throw new Error('nothing to fetch');
  return reader.fetch(rows, located.fetch, new AbortController().signal);
}

it('lets rows wait while the store is down, and gives an error to an object that the store cannot read', async () => {
  const message = expect.stringMatching(/^s3:\/\/bucket cannot be read: .*SlowDown/) as string;
  const [, lost, absent] = await Promise.all([
    expect(read(busy, 's3://bucket/a.jpg')).rejects.toMatchObject({ code: 'storage_unavailable', message }),
    read(damaged, 's3://bucket/lost.jpg'),
    read(damaged, 's3://bucket/absent.jpg'),
  ]);
  expect(lost).toMatchObject({ ok: false, error: { code: 'fetch_unavailable' } });
  expect(absent).toMatchObject({ ok: false, error: { code: 'file_not_found' } });
});
