import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInputResolver } from '#forebay/api/jobs/create/resolve-input.js';
import type { PackedInput } from '#forebay/api/http/wire/job-input.js';
import { openDataset } from '#forebay/shared/datasets/open-dataset.js';
import { LOCAL_FILES } from '#forebay/shared/datasets/bytes/local-files.js';
import { makeTar, makeZip } from '../../../../support/archives.ts';
import { IMAGE_ROWS } from '../../../../support/image-rows.ts';
import { testStores } from '../../../../support/stores.ts';

let dir: string;
let root: string;

beforeAll(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'forebay-archives-')));
  root = join(dir, 'in');
  await mkdir(join(root, 'photos'), { recursive: true });
  await mkdir(join(dir, 'outside'));
  await writeFile(join(root, 'photos/a.jpg'), 'x');
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const resolver = () =>
  createInputResolver({
    inputRoots: [root],
    stores: testStores(),
    objectRoots: [],
    files: LOCAL_FILES,
    spoolDir: join(dir, 'spool'),
    ownerOf: async () => null,
  });

describe('archives', () => {
  const archive = async (path: string, more: Partial<Extract<PackedInput, { type: 'archive' }>> = {}) =>
    resolver().resolve({ type: 'archive', path, ...more }, 'job_1', IMAGE_ROWS);
  const jpg = (name: string, body = '{}') => ({ name, body });

  beforeAll(async () => {
    await mkdir(join(root, 'shards'));
    await writeFile(join(root, 'photos.zip'), makeZip([jpg('1.jpg'), jpg('1.json')]));
    await writeFile(join(root, 'plain.tar'), makeTar([jpg('1.jpg'), jpg('2.jpg')]));
    for (const i of [0, 1])
      await writeFile(join(root, `shards/s-${i}.tar`), makeTar([jpg('1.jpg'), jpg('1.cls')]));
    await writeFile(join(dir, 'outside/s-2.tar'), makeTar([jpg('1.jpg')]));
    await symlink(join(dir, 'outside/s-2.tar'), join(root, 'shards/s-2.tar'));
  });

  it('are one file, or several by braces or a glob', async () => {
    const common = { type: 'archive', reads: 'image', listing: 2, include: [], exclude: [] };
    expect((await archive('photos.zip')).spec).toEqual({
      ...common,
      path: join(root, 'photos.zip'),
      base: root,
      grouped: false,
    });
    const shards = { ...common, base: join(root, 'shards'), grouped: true };
    expect((await archive('shards/s-{0..1}.tar')).spec).toEqual({
      ...shards,
      path: join(root, 'shards/s-{0..1}.tar'),
      shards: 'braces',
    });
    const { spec } = await archive('shards/*.tar');
    expect(spec).toEqual({ ...shards, path: join(root, 'shards/*.tar'), shards: 'glob' });
    expect(await resolver().adopt(spec, { from: 'a', to: 'b', tenant: 'default', folder: root })).toEqual(
      spec,
    );
  });

  it('are found by a glob in any letter case if asked', async () => {
    const { spec } = await archive('shards/S-[01].TAR', { ignore_case: true });
    expect(spec).toMatchObject({ path: join(root, 'shards/S-[01].TAR'), shards: 'glob', ignore_case: true });
    const source = openDataset(spec, { stores: testStores(), files: LOCAL_FILES });
    const ids: string[] = [];
    for await (const { row } of source.read(null, new AbortController().signal)) ids.push(row.id);
    expect(ids).toEqual(['s-0.tar/1', 's-1.tar/1']);
  });

  it('are grouped if two of the first files of a tar share a key, or as the request says', async () => {
    const grouped = async (...args: Parameters<typeof archive>) =>
      ((await archive(...args)).spec as { grouped: boolean }).grouped;
    expect(await grouped('plain.tar')).toBe(false);
    // `tar -r` adds a newer version of a file under the same name.
    await writeFile(join(root, 'twice.tar'), makeTar([jpg('1.jpg'), jpg('1.jpg')]));
    expect(await grouped('twice.tar')).toBe(false);
    expect(await grouped('plain.tar', { group: true })).toBe(true);
    expect(await grouped('photos.zip', { columns: { image: 'jpg' } })).toBe(true);
    // A member that the first row lacks.
    const later = makeTar([jpg('1.jpg'), jpg('2.jpg'), jpg('2.seg.png')]);
    await writeFile(join(root, 'later.tar'), later);
    expect(await grouped('later.tar', { columns: { image: 'seg.png' } })).toBe(true);
    expect(await grouped('shards/s-0.tar', { include: ['*.jpg'] })).toBe(false);
    expect(await grouped('shards/s-0.tar', { group: false })).toBe(false);
  });

  it.each([
    ['shards/s-{0..2}.tar', {}, 'path_not_allowed', /s-2.tar is not under an input root/],
    ['shards/s-{0..9}.tar', {}, 'path_not_allowed', /s-2.tar/],
    ['shards/x-{0..9}.tar', {}, 'input_not_found', /x-0.tar does not exist/],
    [
      'shards/*.zip',
      {},
      'input_not_found',
      /No archive matches .*The folder holds 2 files, such as "s-0\.tar"/,
    ],
    ['shards/S-*.tar', {}, 'input_not_found', /"s-\*\.tar" matches 2 files: letter case matters/],
    ['shards', {}, 'input_unreadable', /is a folder, not an archive/],
    ['photos/a.jpg', {}, 'input_unreadable', /neither a tar nor a zip/],
    ['s-{3..1}.tar', {}, 'invalid_request', /counts down/],
    ['{0..9}{0..9}{0..9}{0..9}{0..9}{0..9}.tar', {}, 'invalid_request', /names 1000000 archives/],
    ['*/../../x.tar', {}, 'invalid_request', /cannot follow/],
    ['photos.zip', { columns: { id: 'json' } }, 'invalid_request', /the id of a row/],
    [
      'photos.zip',
      { columns: { image: 'jpeg' } },
      'invalid_request',
      /no column "jpeg".*Its columns: jpg, json/,
    ],
    ['photos.zip', { columns: { image: 'jpg' }, group: false }, 'invalid_request', /"group" cannot be false/],
    ['s3://bucket/a.zip', {}, 'path_not_allowed', /not under an input root/],
  ] as const)('%s is refused', async (path, more, code, message) => {
    await expect(archive(path, more)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('of an edited job.json are checked again', async () => {
    const { spec } = await archive('photos.zip');
    const adopt = async (edit: object) =>
      resolver().adopt({ ...spec, ...edit } as typeof spec, {
        from: 'a',
        to: 'b',
        tenant: 'default',
        folder: root,
      });
    await expect(
      adopt({ path: join(dir, 'outside/s-2.tar'), base: join(dir, 'outside') }),
    ).rejects.toMatchObject({
      code: 'path_not_allowed',
    });
    // A folder of this name would make the path look like one below the root.
    await mkdir(join(root, 's3:/secret'), { recursive: true });
    await writeFile(join(root, 's3:/secret/a.tar'), makeTar([jpg('1.jpg')]));
    await expect(adopt({ path: 's3://secret/a.tar', base: 's3://secret' })).rejects.toMatchObject({
      code: 'path_not_allowed',
    });
    const mixed = adopt({ path: 's3://secret/a.tar', base: root, shards: 'glob' });
    await expect(mixed).rejects.toMatchObject({ code: 'invalid_request' });
    const braces = { path: join(root, 'shards/s-{2..2}.tar'), base: join(root, 'shards'), shards: 'braces' };
    await expect(adopt(braces)).rejects.toMatchObject({ code: 'path_not_allowed' });
    await expect(adopt({ path: join(root, 'photos.zip'), base: join(root, 'shards') })).rejects.toMatchObject(
      {
        code: 'invalid_request',
      },
    );
  });
});
