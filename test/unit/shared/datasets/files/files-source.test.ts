import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFilesSource, type FilesSourceOptions } from '#forebay/shared/datasets/files/files-source.js';
import type { SourceRow } from '#forebay/shared/datasets/source.js';
import type { Cursor } from '#forebay/shared/domain/dataset-spec.js';
import { withoutRights } from '../../../../support/without-rights.ts';

const never = new AbortController().signal;
let root: string;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'forebay-files-')));
  await chmod(root, 0o755);
});
afterEach(() => rm(root, { recursive: true, force: true }));

interface Reading extends FilesSourceOptions {
  readonly include?: string[];
  readonly exclude?: string[];
  readonly from?: Cursor;
}

function sourceOf({ include = [], exclude = [], ...options }: Reading = {}) {
  return createFilesSource({ type: 'files', root, include, exclude }, options);
}

async function read(reading: Reading = {}): Promise<SourceRow[]> {
  const rows: SourceRow[] = [];
  for await (const row of sourceOf(reading).read(reading.from ?? null, never)) rows.push(row);
  return rows;
}

async function ids(reading: Reading = {}): Promise<string[]> {
  return (await read(reading)).map(({ row }) => row.id);
}

function put(...names: (string | Buffer)[]): void {
  for (const name of names) {
    if (typeof name === 'string') mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(
      typeof name === 'string' ? join(root, name) : Buffer.concat([Buffer.from(`${root}/`), name]),
      '',
    );
  }
}

describe('the order of files', () => {
  it('is by bytes in each folder, with a subfolder at its own name', async () => {
    put('b.txt', 'a/z', 'a.txt', 'a-b', 'B', 'a/b/c', 'ä');
    expect(await ids()).toEqual(['B', 'a/b/c', 'a/z', 'a-b', 'a.txt', 'b.txt', 'ä']);
  });

  it('is by UTF-8 bytes, even if UTF-16 differs', async () => {
    put('\uFF61', '\u{1F600}', 'z');
    expect(await ids()).toEqual(['z', '\uFF61', '\u{1F600}']);
  });

  it('is the same when a folder is sorted on disk, even for odd names', async () => {
    put(
      'new\nline',
      ' space',
      "q'uote",
      'ünï',
      '\u{1F600}',
      'tab\t',
      '\u0001',
      'back\\slash',
      'sub/x',
      'sub/y',
    );
    for (let i = 0; i < 200; i++) put(`${(i * 7919) % 211}-${'n'.repeat(i)}`);
    const inMemory = await read();
    expect(await read({ maxInMemory: 7 })).toEqual(inMemory);
    expect(inMemory).toHaveLength(210);
  });

  it('continues from a cursor whose file is gone', async () => {
    put('a', 'b/c', 'd');
    expect(await ids({ from: { index: 2, at: 'b/b' } })).toEqual(['b/c', 'd']);
    expect(await ids({ from: { index: 2, at: 'b' } })).toEqual(['b/c', 'd']);
    expect(await ids({ from: { index: 2, at: 'a/x' } })).toEqual(['b/c', 'd']);
  });
});

describe('a listing', () => {
  it('leaves out dot-files, dot-folders and empty folders', async () => {
    put('.hidden', '.git/config', 'seen/.DS_Store', 'seen/a.jpg');
    await mkdir(join(root, 'empty'));
    expect(await ids()).toEqual(['seen/a.jpg']);
  });

  it('follows links to files and folders inside the root', async () => {
    put('data/a', 'data/b');
    await symlink(join(root, 'data'), join(root, 'again'));
    await symlink('data/a', join(root, 'file'));
    expect(await ids()).toEqual(['again/a', 'again/b', 'data/a', 'data/b', 'file']);
    expect(await sourceOf().count(Number.POSITIVE_INFINITY, never)).toBe(5);
  });

  it('follows no link out of the root, no broken link and no cycle', async () => {
    put('data/a');
    const outside = await mkdtemp(join(tmpdir(), 'forebay-outside-'));
    await writeFile(join(outside, 'secret'), '');
    await symlink(outside, join(root, 'out'));
    await symlink(join(outside, 'secret'), join(root, 'out-file'));
    await symlink('nowhere', join(root, 'broken'));
    await symlink(root, join(root, 'data', 'up'));
    await symlink('self', join(root, 'self'));
    await symlink('../data', join(root, 'data', 'here'));
    expect(await ids()).toEqual(['data/a']);
    await rm(outside, { recursive: true });
  });

  it('follows include and exclude globs on relative paths', async () => {
    put('a.jpg', 'a.png', 'x/b.jpg', 'x/y/c.jpg', 'tmp/d.jpg');
    expect(await ids({ include: ['*.jpg'] })).toEqual(['a.jpg']);
    expect(await ids({ include: ['**/*.jpg'], exclude: ['tmp/**'] })).toEqual([
      'a.jpg',
      'x/b.jpg',
      'x/y/c.jpg',
    ]);
    expect(await ids({ include: ['x/*.jpg', '*.png'] })).toEqual(['a.png', 'x/b.jpg']);
    expect(await ids({ exclude: ['x/*'] })).toEqual(['a.jpg', 'a.png', 'tmp/d.jpg', 'x/y/c.jpg']);
    expect(await ids({ include: ['{x,tmp}/**'] })).toEqual(['tmp/d.jpg', 'x/b.jpg', 'x/y/c.jpg']);
  });

  it('makes a name that is not UTF-8 an invalid row in its position', async () => {
    put('a', Buffer.from('caf\xe9', 'latin1'), 'd');
    const rows = await read();
    expect(rows.map(({ row }) => row.id)).toEqual(['a', 'caf\uFFFD', 'd']);
    expect(rows[1]!.row.at).toMatch(/^invalid:.*UTF-8/);
    expect(await ids({ from: rows[1]!.cursor })).toEqual(['d']);
  });
});

describe('a folder that cannot be listed', () => {
  it('is named if it is a root that does not exist', async () => {
    await rm(root, { recursive: true });
    await expect(ids()).rejects.toMatchObject({
      code: 'input_not_found',
      message: expect.stringContaining(root),
    });
  });

  it('is named if it is a subfolder that may not be read', async () => {
    put('a', 'locked/b');
    await chmod(join(root, 'locked'), 0);
    await withoutRights(async () => {
      const expected = { code: 'input_unreadable', message: expect.stringContaining(join(root, 'locked')) };
      await expect(ids()).rejects.toMatchObject(expected);
      await expect(sourceOf().count(Number.POSITIVE_INFINITY, never)).rejects.toMatchObject(expected);
      expect(await ids({ exclude: ['locked/**'] })).toEqual(['a']);
      expect(await ids({ include: ['*'] })).toEqual(['a']);
    });
    await chmod(join(root, 'locked'), 0o755);
  });

  it('is not opened if it is before the cursor', async () => {
    put('a/locked/b', 'a/z', 'c');
    await chmod(join(root, 'a', 'locked'), 0);
    await withoutRights(async () => {
      expect(await ids({ from: { index: 2, at: 'a/z' } })).toEqual(['c']);
      await expect(ids({ from: { index: 1, at: 'a/locked/b' } })).rejects.toMatchObject({
        code: 'input_unreadable',
      });
    });
    await chmod(join(root, 'a', 'locked'), 0o755);
  });
});
