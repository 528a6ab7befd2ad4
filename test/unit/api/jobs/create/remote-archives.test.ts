// Archives on S3 and on web servers, and how little of a compressed one a submit reads.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInputResolver } from '#forebay/api/jobs/create/resolve-input.js';
import { createDatasetFiles } from '#forebay/shared/datasets/bytes/dataset-files.js';
import { openDataset } from '#forebay/shared/datasets/open-dataset.js';
import { openSlice } from '#forebay/shared/datasets/open-slice.js';
import type { DatasetSpec } from '#forebay/shared/domain/dataset-spec.js';
import type { Stores } from '#forebay/shared/stores/stores.js';
import { makeTar, makeZip } from '../../../../support/archives.ts';
import { IMAGE_ROWS } from '../../../../support/image-rows.ts';
import { fixture } from '../../../../support/parquet-rows.ts';
import { s3At, testStores } from '../../../../support/stores.ts';
import { serveFiles, type WebFiles } from '../../../../support/web-files.ts';

const never = new AbortController().signal;
const dir = mkdtempSync(join(tmpdir(), 'forebay-remote-archives-'));
const cacheDir = join(dir, 'cache');
let web: WebFiles;
let stores: Stores;

/** Groups of an image that does not compress and a label. */
function shard(n: number, imageBytes = 100): Buffer {
  const members = [0, 1].flatMap((i) => [
    { name: `${i}.jpg`, body: randomBytes(imageBytes) },
    { name: `${i}.json`, body: `{"shard":${n},"label":${i}}` },
  ]);
  return makeTar(members);
}

/** A file of 2 MB: what lies between the rows and the footer does not matter. */
function longParquet(): Buffer {
  const bytes = readFileSync(fixture('thirty'));
  const footer = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
  return Buffer.concat([bytes.subarray(0, footer), Buffer.alloc(2_000_000), bytes.subarray(footer)]);
}

beforeAll(async () => {
  web = await serveFiles({
    '/bucket/in/s-0.tar': { bytes: shard(0) },
    '/bucket/in/s-1.tar': { bytes: gzipSync(shard(1)) },
    '/bucket/in/photos.zip': { bytes: makeZip([{ name: 'a.jpg', body: 'a' }]) },
    '/s-0.tar': { bytes: shard(0) },
    '/s-1.tar': { bytes: shard(1), ranges: false },
    '/large.tar.gz': { bytes: gzipSync(shard(2, 2_000_000)) },
    '/whole.parquet': { bytes: longParquet(), ranges: false },
    '/text.parquet': { bytes: Buffer.alloc(2_000_000, 'x'), ranges: false },
  });
  stores = testStores({ s3: [s3At(web.url, { credentials: 'none' })], maxFileBytes: 2 ** 24 });
});
afterAll(async () => {
  await stores.close();
  await web.close();
  rmSync(dir, { recursive: true, force: true });
});

const files = () => createDatasetFiles({ stores, cacheDir, fileCacheBytes: 1e8, maxFetchRatio: 200 });

async function resolved(type: 'archive' | 'parquet', path: string, more: object = {}): Promise<DatasetSpec> {
  const resolver = createInputResolver({
    inputRoots: [dir],
    dataDir: join(dir, 'data'),
    outputRoots: [],
    stores,
    objectRoots: ['s3://bucket/in/'],
    files: files(),
    spoolDir: join(dir, 'spool'),
    ownerOf: async () => null,
  });
  const { spec } = await resolver.resolve({ type, path, ...more }, 'job_1', IMAGE_ROWS);
  expect(await resolver.adopt(spec, { from: 'a', to: 'b', tenant: 'default', folder: dir })).toEqual(spec);
  return spec;
}

async function rowsOf(spec: DatasetSpec): Promise<(readonly [string, unknown])[]> {
  const rows: (readonly [string, unknown])[] = [];
  for await (const slice of openDataset(spec, { stores, files: files() }).slices!(null, () => 3, never)) {
    const { firstRow, rows: count, ref, check } = slice;
    for await (const chunk of openSlice(files(), spec, { firstRow, count, ref, check }, never)) {
      for (let at = 0; at < chunk.count; at++) {
        const record = chunk.record(at);
        rows.push([chunk.ids![at]!, record.ok ? record.fields['label'] : record.why]);
      }
    }
  }
  return rows;
}

const ROWS = [0, 1].flatMap((n) => [0, 1].map((i) => [`s-${n}.tar/${i}`, i]));

describe('archives', () => {
  it('on S3 and on web servers are read where they are', async () => {
    const group = { columns: { label: 'label' } };
    for (const path of ['s3://bucket/in/s-{0..1}.tar', 's3://bucket/in/*.tar']) {
      const spec = await resolved('archive', path);
      expect(spec).toMatchObject({ path, base: 's3://bucket/in/', grouped: true });
      expect(await rowsOf(spec)).toEqual(ROWS);
    }
    const onWeb = await resolved('archive', `${web.url}/s-{0..1}.tar?sig=a*b`, group);
    expect(await rowsOf(onWeb)).toEqual(
      ROWS.map(([id, label]) => [`${id}`.replace('/', '?sig=a*b/'), label]),
    );
    expect(await rowsOf(await resolved('archive', 's3://bucket/in/photos.zip'))).toEqual([
      ['a.jpg', undefined],
    ]);
  });

  it.each([
    ['s3://bucket/other/x.tar', 'path_not_allowed', /not under an input root/],
    ['s3://bucket/other/{0..1}.tar', 'path_not_allowed', /not under an input root/],
    ['s3://bucket/in/absent.tar', 'input_not_found', /There is no object/],
    ['s3://bucket/in/', 'input_unreadable', /is a prefix, not an archive/],
    ['s3://bucket/in/*.rar', 'input_not_found', /No archive matches/],
    ['s3://bucket/in/s-{1..0}.tar', 'invalid_request', /counts down/],
    ['WEB/absent-{0..3}.tar', 'input_not_found', /absent-0\.tar does not exist/],
    ['WEB/{1..0}.tar', 'invalid_request', /counts down/],
  ])('%s is refused', async (path, code, message) => {
    await expect(resolved('archive', path.replace('WEB', web.url))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('that are compressed are not unpacked by the submit, which sees their first members', async () => {
    rmSync(cacheDir, { recursive: true, force: true });
    const isUnpacked = () => readdirSync(dir).includes('cache');
    writeFileSync(join(dir, 'large.tar.gz'), web.files.get('/large.tar.gz')!.bytes);
    for (const path of [`${web.url}/large.tar.gz`, 'large.tar.gz']) {
      expect(await resolved('archive', path)).toMatchObject({ grouped: true });
    }
    await expect(resolved('archive', 'large.tar.gz', { columns: { image: 'png' } })).rejects.toThrow(
      /no column "png".*Its columns: jpg/,
    );
    expect(isUnpacked()).toBe(false);
  });
});

it('a Parquet file on a server without ranges is not fetched by the submit; its readers check its columns', async () => {
  rmSync(cacheDir, { recursive: true, force: true });
  await expect(resolved('parquet', `${web.url}/text.parquet`)).rejects.toThrow(/does not begin with "PAR1"/);
  const spec = await resolved('parquet', `${web.url}/whole.parquet`);
  expect(spec).toMatchObject({ needs: ['image'] });
  expect(readdirSync(dir)).not.toContain('cache');
  const count = async (of: DatasetSpec) => openDataset(of, { stores, files: files() }).count(Infinity, never);
  await expect(count(spec)).rejects.toMatchObject({
    code: 'input_unreadable',
    message: expect.stringMatching(/whole\.parquet has no column "image", which the job reads/),
  });
  expect(await count({ ...spec, needs: [] } as DatasetSpec)).toBe(30);
});
