import type { FilesSpec } from '#forebay/shared/domain/dataset-spec.js';
import { openDataset } from '#forebay/shared/datasets/open-dataset.js';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createObjectInputs } from '#forebay/api/jobs/create/input/object-input.js';
import { createInputPaths } from '#forebay/api/jobs/create/input/input-paths.js';
import { resolveTable } from '#forebay/api/jobs/create/input/resolve-table.js';
import { specVersion } from '#forebay/api/jobs/create/spec-version.js';
import { createDatasetFiles } from '#forebay/shared/datasets/bytes/dataset-files.js';
import type { Stores } from '#forebay/shared/stores/stores.js';
import { s3At, testStores } from '../../../../support/stores.ts';
import { serveFiles, type WebFiles } from '../../../../support/web-files.ts';

let web: WebFiles;
let stores: Stores;
const dir = mkdtempSync(join(tmpdir(), 'forebay-lists-'));
beforeAll(async () => {
  const packed = gzipSync('{"x":1}\n');
  web = await serveFiles({
    '/lists/rows.jsonl.gz': { bytes: packed },
    '/lists/plain.jsonl': { bytes: Buffer.from('{"x":1}\n') },
    '/lists/utf16.txt': { bytes: Buffer.from('a.jpg', 'utf16le') },
    '/lists/damaged.gz': { bytes: packed.subarray(0, 12) },
    '/bucket/in/rows.jsonl': { bytes: packed },
  });
  stores = testStores({ s3: [s3At(web.url, { credentials: 'none' })] });
  writeFileSync(join(dir, 'rows.jsonl'), '{"x":1}\n');
  writeFileSync(join(dir, 'packed.jsonl'), packed);
});
afterAll(async () => {
  await stores.close();
  await web.close();
  rmSync(dir, { recursive: true, force: true });
});

async function resolved(path: string) {
  const places = {
    paths: createInputPaths({ inputRoots: [dir], dataDir: '/nowhere', outputRoots: [] }),
    objects: createObjectInputs({ stores, objectRoots: ['s3://bucket/in/'] }),
    files: createDatasetFiles({ stores, cacheDir: dir, fileCacheBytes: 1000, maxFetchRatio: 200 }),
    listFiles: () => (of: FilesSpec) => openDataset(of, { stores }),
  };
  const input = { type: 'jsonl' as const, path };
  const fields = { names: null, needed: [], text: null };
  const found = await resolveTable(places, input, { tenant: 'default', taskInput: 'text', fields });
  return { ...found.spec, v: specVersion(found, input, undefined, '/out') };
}

describe('the file of a table', () => {
  it('can be local, on S3 or on a web server; older processes leave alone what they cannot read', async () => {
    expect(await resolved('rows.jsonl')).toMatchObject({ path: join(dir, 'rows.jsonl'), base: dir, v: 3 });
    expect(await resolved('packed.jsonl')).toMatchObject({ base: dir, v: 5 });
    expect(await resolved('S3://bucket/in/rows.jsonl')).toEqual({
      type: 'jsonl',
      path: 's3://bucket/in/rows.jsonl',
      base: 's3://bucket/in/',
      v: 5,
    });
    for (const name of ['rows.jsonl.gz', 'plain.jsonl']) {
      expect(await resolved(`${web.url}/lists/${name}?version=2`)).toMatchObject({
        path: `${web.url}/lists/${name}?version=2`,
        base: `${web.url}/lists/`,
        v: 5,
      });
    }
  });

  it.each([
    ['s3://bucket/other/rows.jsonl', 'path_not_allowed', /FOREBAY_INPUT_ROOTS/],
    ['s3://bucket/in/absent', 'input_not_found', /There is no object/],
    ['s3://bucket/in/../other/x', 'invalid_request', /"\.\."/],
    ['WEB/lists/utf16.txt', 'input_unreadable', /UTF-16/],
    ['WEB/lists/damaged.gz', 'input_unreadable', /damaged gzip file/],
    ['WEB/absent?token=secret', 'input_not_found', /absent\?\*\*\* does not exist/],
    ['http://me:pw@host/x', 'url_not_allowed', /user name or password/],
  ])('%s is refused', async (path, code, message) => {
    await expect(resolved(path.replace('WEB', web.url))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});
