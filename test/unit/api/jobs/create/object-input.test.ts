import { afterEach, describe, expect, it } from 'vitest';
import { createObjectInputs } from '#forebay/api/jobs/create/input/object-input.js';
import type { DatasetSpec } from '#forebay/shared/domain/dataset-spec.js';
import { openDataset } from '#forebay/shared/datasets/open-dataset.js';
import type { Stores } from '#forebay/shared/stores/stores.js';
import { listing, refusing, serveS3, type Answer, type S3Answers } from '../../../../support/s3-answers.ts';
import { IMAGE_ROWS } from '../../../../support/image-rows.ts';
import { s3At, testStores } from '../../../../support/stores.ts';

const never = new AbortController().signal;
let server: S3Answers;
let stores: Stores;
afterEach(async () => {
  await stores.close();
  await server.close();
});

async function resolving(path: string, answers: Answer[], timeoutMs = 20_000) {
  server = await serveS3(...answers);
  stores = testStores({ s3: [s3At(server.endpoint, { credentials: 'none' })] });
  const inputs = createObjectInputs({ stores, objectRoots: ['s3://photos/in/'], timeoutMs });
  return inputs.resolve({ type: 'files', path }, IMAGE_ROWS);
}

const nothing = listing('', 0);
const found: Answer = (_, response) => response.writeHead(200, { 'content-length': 7 }).end();

describe('an input on S3', () => {
  it('is a folder if anything is below it', async () => {
    expect(await resolving('s3://photos/in/a', [listing('in/a/', 3)])).toEqual({
      spec: { type: 'files', root: 's3://photos/in/a/', include: [], exclude: [], listing: 2 },
      total: null,
    });
  });

  it('is one object if it has this key', async () => {
    expect(await resolving('s3://photos/in/a/b.jpg', [nothing, found])).toEqual({
      spec: { type: 'files', root: 's3://photos/in/a/', include: [], exclude: [], only: 'b.jpg' },
      total: 1,
    });
  });

  it('with the characters of a glob is taken literally if it exists, else as a glob', async () => {
    expect(await resolving('s3://photos/in/[a].jpg', [nothing, found])).toMatchObject({
      spec: { only: '[a].jpg' },
    });
    await server.close();
    const glob = await resolving('s3://photos/in/x/*.jpg', [
      nothing,
      refusing(404, 'NoSuchKey'),
      listing('in/x/', 1),
    ]);
    expect(glob).toMatchObject({ spec: { root: 's3://photos/in/x/', include: ['*.jpg'] } });
  });

  it('outside the roots is refused without a request', async () => {
    for (const path of ['s3://photos/other/', 's3://photos/', 's3://photos/*/a', 's3://else/in/']) {
      await expect(resolving(path, [nothing])).rejects.toMatchObject({ code: 'path_not_allowed' });
      expect(server.requests).toHaveLength(0);
      await server.close();
    }
  });

  it('of an earlier job is checked again', async () => {
    await resolving('s3://photos/in/a', [listing('in/a/', 1)]);
    const inputs = createObjectInputs({ stores, objectRoots: ['s3://photos/in/'] });
    const check = (root: string, more = {}) => inputs.check({ root, ...more }, 'default');
    check('s3://photos/in/a/');
    check('s3://photos/in/', { only: 'b.jpg' });
    expect(() => check('s3://photos/')).toThrow(/not under an input root/);
    expect(() => check('s3://photos/in/', { only: '../x' })).toThrow(/"\.\."/);
  });
});

describe('a store that refuses', () => {
  const late = { 'retry-after': '3600' };
  it.each([
    ['input_not_found', /bucket .* does not exist/, refusing(404, 'NoSuchBucket')],
    ['input_unreadable', /Allow the credentials/, refusing(403, 'AccessDenied')],
    ['storage_unavailable', /SlowDown/, refusing(503, 'SlowDown', '', late)],
  ])('%s: at submit and while listing', async (code, message, answer) => {
    const expected = { code, message: expect.stringMatching(message) };
    await expect(resolving('s3://photos/in/', [answer])).rejects.toMatchObject(expected);
    const dataset: DatasetSpec = { type: 'files', root: 's3://photos/in/', include: [], exclude: [] };
    await expect(openDataset(dataset, { stores }).count(1, never)).rejects.toMatchObject(expected);
  });

  it('to answer at all does not hold up the client', async () => {
    await expect(resolving('s3://photos/in/', [() => undefined], 100)).rejects.toMatchObject({
      code: 'storage_unavailable',
      message: expect.stringMatching(/no answer within 0.1 s/),
    });
  });
});
