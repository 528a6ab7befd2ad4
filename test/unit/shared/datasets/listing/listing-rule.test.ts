/** Which entries of a folder become rows, and which are left out and counted. Jobs of older versions keep their rule. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFilesSource, type FilesSourceOptions } from '#forebay/shared/datasets/files/files-source.js';
import { createSkippedCounter } from '#forebay/shared/datasets/skipped-counter.js';
import type { Cursor } from '#forebay/shared/domain/dataset-spec.js';
import type { Skipped } from '#forebay/shared/domain/skipped.js';

const never = new AbortController().signal;
let dir: string;
let root: string;
let outside: string;

beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'forebay-rule-')));
  [root, outside] = [join(dir, 'in'), join(dir, 'outside')];
  mkdirSync(root);
  mkdirSync(outside);
});
afterEach(() => rmSync(dir, { recursive: true }));

function put(...names: string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), '');
  }
}

interface Listing extends FilesSourceOptions {
  readonly listing?: 1 | 2;
  readonly include?: string[];
  readonly exclude?: string[];
  readonly ignore_case?: true;
}

function sourceOf({ listing = 2, include = [], exclude = [], ignore_case, ...options }: Listing = {}) {
  return createFilesSource({ type: 'files', root, include, exclude, ignore_case, listing }, options);
}

interface Read {
  readonly ids: string[];
  readonly skipped: Skipped;
  /** The cursor after each row. */
  readonly cursors: { cursor: Cursor; skipped: Skipped }[];
}

async function read(listing: Listing = {}, from: Cursor | null = null, before: Skipped = {}): Promise<Read> {
  const source = sourceOf(listing);
  const tally = createSkippedCounter(before);
  const ids: string[] = [];
  const cursors: Read['cursors'] = [];
  for await (const { row, cursor } of source.read(from, never, tally)) {
    ids.push(row.id);
    cursors.push({ cursor, skipped: tally.total() });
  }
  if (from === null) expect(await source.count(Number.POSITIVE_INFINITY, never)).toBe(ids.length);
  return { ids, skipped: tally.total(), cursors };
}

describe('files without the extension of an image', () => {
  it('are left out and counted, but names without an extension are rows', async () => {
    put('a.jpg', 'b.JPEG', 'c', 'd.unheard-of', 'e.tiff', 'sub.txt/f.png');
    put('notes.TXT', 'sub.txt/labels.json', 'x.csv', 'Thumbs.db', 'desktop.ini', 'a.jpg.zip');
    const { ids, skipped } = await read();
    expect(ids).toEqual(['a.jpg', 'b.JPEG', 'c', 'd.unheard-of', 'e.tiff', 'sub.txt/f.png']);
    expect(skipped).toEqual({ not_images: { count: 6, first: ['Thumbs.db', 'a.jpg.zip', 'desktop.ini'] } });
  });

  it('are rows if an include pattern names the extension, but not if the pattern matches any extension', async () => {
    put('a.jpg', 'notes.txt', 'data.csv');
    expect((await read({ include: ['*.txt'] })).ids).toEqual(['notes.txt']);
    expect((await read({ include: ['*.{jpg,csv}'] })).ids).toEqual(['a.jpg', 'data.csv']);
    expect((await read({ include: ['notes.txt', '*'] })).ids).toEqual(['a.jpg', 'notes.txt']);
    for (const include of [['*'], ['**'], ['**/*.*'], ['*.???'], ['notes*', 'a*']]) {
      expect((await read({ include })).ids).toEqual(['a.jpg']);
    }
    const other = await read({ include: ['*.jpg'] });
    expect(other).toMatchObject({ ids: ['a.jpg'], skipped: {} });
  });

  it('are rows of a job that is older than this rule', async () => {
    put('a.jpg', 'notes.txt');
    expect((await read({ listing: 1 })).ids).toEqual(['a.jpg', 'notes.txt']);
    const source = createFilesSource({ type: 'files', root, include: [], exclude: [] });
    expect(await source.count(9, never)).toBe(2);
  });
});

describe('links', () => {
  beforeEach(() => {
    put('a.jpg');
    mkdirSync(join(outside, 'deep'));
    writeFileSync(join(outside, 'deep', 'b.jpg'), '');
    symlinkSync(outside, join(root, 'out'));
    symlinkSync(join(outside, 'deep', 'b.jpg'), join(root, 'out.jpg'));
    symlinkSync('nowhere', join(root, 'broken.jpg'));
    symlinkSync('self.jpg', join(root, 'self.jpg'));
    symlinkSync('nowhere', join(root, 'broken.txt'));
  });

  it('may lead to files and folders outside the input, and a broken link to an image is a row', async () => {
    expect(await read()).toMatchObject({
      ids: ['a.jpg', 'broken.jpg', 'out/deep/b.jpg', 'out.jpg', 'self.jpg'],
      skipped: { not_images: { count: 1, first: ['broken.txt'] } },
    });
  });

  it('are left out and counted if the job may not read their targets', async () => {
    const skips = (real: string) => !real.startsWith(root);
    expect(await read({ skips })).toMatchObject({
      ids: ['a.jpg', 'broken.jpg', 'self.jpg'],
      skipped: { links_outside: { count: 2, first: ['out', 'out.jpg'] } },
    });
    // The patterns leave these out, so they are not counted.
    expect((await read({ skips, include: ['a*'], exclude: ['out/**'] })).skipped).toEqual({});
  });

  it('are left out under the older rule if they lead outside the input or are broken', async () => {
    expect(await read({ listing: 1 })).toMatchObject({
      ids: ['a.jpg'],
      skipped: { links_outside: { count: 2 }, broken_links: { count: 3 } },
    });
  });

  it('are not followed into a folder that the path already contains', async () => {
    put('sub/c.jpg');
    symlinkSync(dir, join(root, 'sub', 'above'));
    symlinkSync('..', join(root, 'sub', 'up'));
    symlinkSync(root, join(outside, 'back'));
    const { ids, skipped } = await read({ exclude: ['*.jpg'] });
    // `sub/above` holds `in` and `outside`. The path already contains `in`.
    expect(ids).toEqual(['out/deep/b.jpg', 'sub/above/outside/deep/b.jpg', 'sub/c.jpg']);
    expect(skipped['link_cycles']).toEqual({
      count: 4,
      first: ['out/back', 'sub/above/in', 'sub/above/outside/back'],
    });
  });
});

describe('entries that are left out', () => {
  it('include hidden entries, private folders and special files', async () => {
    put('.DS_Store', '.git/config', 'a.jpg', 'private/b.jpg');
    execFileSync('mkfifo', [join(root, 'pipe')]);
    symlinkSync('pipe', join(root, 'to-pipe'));
    expect(await read({ skips: (real) => real.endsWith('/private') })).toMatchObject({
      ids: ['a.jpg'],
      skipped: {
        hidden: { count: 2, first: ['.DS_Store', '.git'] },
        private_folders: { count: 1, first: ['private'] },
        special_files: { count: 2, first: ['pipe', 'to-pipe'] },
      },
    });
  });

  it('are counted once, wherever reading stops and resumes', async () => {
    put('.x', 'a.jpg', 'b.txt', 'c/.y', 'c/a.txt', 'c/b.jpg', 'c/c.txt', 'd.jpg', 'e.txt', 'f/g.txt');
    const whole = await read();
    expect(whole.ids).toEqual(['a.jpg', 'c/b.jpg', 'd.jpg']);
    expect(whole.skipped).toMatchObject({ hidden: { count: 2 }, not_images: { count: 5 } });
    for (const { cursor, skipped } of whole.cursors) {
      expect((await read({}, cursor, skipped)).skipped).toEqual(whole.skipped);
    }
  });

  it('are reported with at most three names, and long names are shortened', async () => {
    for (let i = 0; i < 50; i++) put(`${i}${'n'.repeat(240)}.txt`);
    const { not_images } = (await read()).skipped;
    expect(not_images).toMatchObject({ count: 50 });
    expect(not_images!.first).toHaveLength(3);
    expect(not_images!.first.every((name) => name.length < 210)).toBe(true);
  });
});

it('patterns can ignore letter case', async () => {
  put('A.JPG', 'b.jpg', 'c.txt', 'D.TXT', 'Sub/E.Jpg', 'Sub/[x].JPG', 'SKIP/f.jpg', 'ÄÖ/g.jpg');
  const idsOf = async (include: string[], exclude: string[] = []) =>
    (await read({ include, exclude, ignore_case: true })).ids;
  expect(await idsOf(['**/*.jpg'], ['skip/**', 'äö/*.JPG'])).toEqual([
    'A.JPG',
    'Sub/E.Jpg',
    'Sub/[x].JPG',
    'b.jpg',
  ]);
  expect(await idsOf(['SUB/[D-F].*', 'sub/\\[X\\].*', 'ÄÖ/\\G.*'])).toEqual([
    'Sub/E.Jpg',
    'Sub/[x].JPG',
    'ÄÖ/g.jpg',
  ]);
  // The pattern names the extension, so text files are rows.
  expect(await idsOf(['*.Txt'])).toEqual(['D.TXT', 'c.txt']);
  expect(await idsOf(['\\D\\.TXT'])).toEqual(['D.TXT', 'c.txt']);
  const none = sourceOf({ include: ['*.PNG'], exclude: [], ignore_case: true });
  expect(await none.whyEmpty!(never)).toMatch(/^The folder holds 6 files, .* passes include "\*\.PNG"\.$/);
});

describe('patterns that match nothing', () => {
  const why = async (include: string[], exclude: string[] = []) =>
    sourceOf({ include, exclude }).whyEmpty!(never);

  it('get a hint if they match in another letter case', async () => {
    put('a.jpg', 'b.jpg', 'x/C.JPG', 'skip/d.jpg');
    expect(await why(['**/*.JPG', '*.PNG'], ['skip/**', 'x/**'])).toBe(
      '"**/*.JPG", "*.PNG" matches no file, but "**/*.jpg", "*.png" matches 2 files: letter case matters.',
    );
    expect(await why(['X/*.jpg'])).toBe(
      '"X/*.jpg" matches no file, but would match 1 file, such as "x/C.JPG", in another letter case.',
    );
  });

  it('get a hint if the names are in another Unicode normal form', async () => {
    put('Müller'.normalize('NFD') + '/a.jpg');
    expect(await why(['Müller'.normalize('NFC') + '/*.jpg'])).toMatch(
      /would match 1 file, such as ".*a\.jpg", whose names are in another Unicode normal form \(NFD\)\./,
    );
  });

  it('get an example of the files that they do not match', async () => {
    put('a.jpg', 'b/c.jpg');
    expect(await why(['*.png'], ['x'])).toBe(
      'The folder holds 2 files, such as "a.jpg", but no file passes include "*.png" and exclude "x".',
    );
    expect(await why([], ['**'])).toMatch(/holds 2 files, .* but no file passes exclude "\*\*"\.$/);
  });

  it('get no explanation if there are no files', async () => {
    put('a.txt');
    expect(await why(['*.png'])).toBeNull();
    expect(await why([])).toBeNull();
  });
});
