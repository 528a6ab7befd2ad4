import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createFileCache } from '#forebay/shared/file-cache/file-cache.js';
import { ForebayError } from '#forebay/shared/errors.js';

const never = new AbortController().signal;
const KB = 1024;

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'forebay-cache-')), 'files');
});
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

const cacheOf = (maxBytes = 100 * KB) => createFileCache({ folder, maxBytes });

/** A file of `bytes` bytes, and how often it was made. */
function made(key: string, bytes: number, before: () => Promise<void> = async () => {}) {
  const making = {
    key,
    name: `${key}.gz`,
    times: 0,
    async *chunks() {
      making.times += 1;
      for (let left = bytes; left > 0; left -= KB) {
        await before();
        yield Buffer.alloc(Math.min(KB, left), key);
      }
    },
  };
  return making;
}

async function textOf(cache: ReturnType<typeof cacheOf>, wanted: ReturnType<typeof made>): Promise<string> {
  const file = await cache.open(wanted, never);
  try {
    return (await file.readFile()).toString();
  } finally {
    await file.close();
  }
}

it('makes a file once, for all processes, and keeps it private', async () => {
  const wanted = made('a', 3000);
  const [one, two] = [cacheOf(), cacheOf()];
  const texts = await Promise.all([one, one, two, two].map(async (cache) => textOf(cache, wanted)));
  expect(new Set(texts)).toEqual(new Set(['a'.repeat(3000)]));
  expect(wanted.times).toBe(1);
  expect(await readdir(folder)).toHaveLength(1);
  expect((await stat(folder)).mode & 0o077).toBe(0);
  expect((await stat(join(folder, (await readdir(folder))[0]!))).mode & 0o077).toBe(0);
});

it('goes on when the process that makes a file has died', async () => {
  const wanted = made('a', 10);
  await textOf(cacheOf(), wanted);
  const [name] = await readdir(folder);
  await rm(join(folder, name!));
  const long = new Date(Date.now() - 60_000);
  await writeFile(join(folder, `${name}.making`), '');
  await utimes(join(folder, `${name}.making`), long, long);
  expect(await textOf(cacheOf(), wanted)).toBe('a'.repeat(10));
  expect(await readdir(folder)).toEqual([name]);
});

it('deletes what was not used for longest, but never a file under its reader', async () => {
  const cache = cacheOf(100 * KB);
  const files = [made('a', 40 * KB), made('b', 40 * KB)];
  for (const [i, wanted] of files.entries()) {
    await textOf(cache, wanted);
    const names = await readdir(folder);
    const past = new Date(Date.now() - 1000 * (10 - i));
    for (const name of names) await utimes(join(folder, name), past, past);
  }
  const reader = await cache.open(files[0]!, never);
  await textOf(cache, made('c', 40 * KB));
  expect(await textOf(cache, files[0]!)).toHaveLength(40 * KB);
  expect(files[0]!.times).toBe(1);
  await textOf(cache, made('d', 90 * KB));
  expect(await readdir(folder)).toHaveLength(1);
  expect((await reader.readFile()).toString()).toBe('a'.repeat(40 * KB));
  await reader.close();
  expect(await textOf(cache, files[0]!)).toHaveLength(40 * KB);
  expect(files[0]!.times).toBe(2);
});

it('clears up unfinished files of dead processes, but not those of live ones', async () => {
  await mkdir(folder, { recursive: true });
  const long = new Date(Date.now() - 3_600_000);
  await writeFile(join(folder, 'x.tmp'), Buffer.alloc(90 * KB));
  await utimes(join(folder, 'x.tmp'), long, long);
  expect(await textOf(cacheOf(), made('a', 50 * KB))).toHaveLength(50 * KB);
  expect(existsSync(join(folder, 'x.tmp'))).toBe(false);
  await writeFile(join(folder, 'y.tmp'), Buffer.alloc(90 * KB));
  await expect(textOf(cacheOf(), made('b', 50 * KB))).rejects.toMatchObject({
    code: 'storage_unavailable',
    message: expect.stringMatching(/full of files that are being made/),
  });
  expect(existsSync(join(folder, 'y.tmp'))).toBe(true);
});

it('refuses a file that is larger than the cache', async () => {
  await expect(textOf(cacheOf(), made('rows.jsonl', 101 * KB))).rejects.toMatchObject({
    code: 'input_unreadable',
    message: expect.stringMatching(/^rows\.jsonl\.gz does not fit.*FOREBAY_FILE_CACHE_MB/),
  });
  expect(await readdir(folder)).toEqual([]);
});

it('leaves nothing behind when making fails, and tells every reader', async () => {
  const cache = cacheOf();
  const wanted = made('a', 10, async () => {
    throw new ForebayError('input_unreadable', 'damaged');
  });
  const both = await Promise.allSettled([cache.open(wanted, never), cache.open(wanted, never)]);
  expect(both).toMatchObject([1, 2].map(() => ({ reason: { message: 'damaged' } })));
  expect(wanted.times).toBe(1);
  expect(await readdir(folder)).toEqual([]);
});

it('a reader that gives up does not fail the others', async () => {
  const cache = cacheOf();
  const leaving = new AbortController();
  const wanted = made('a', 10, async () => leaving.abort());
  const first = cache.open(wanted, leaving.signal);
  const second = textOf(cache, wanted);
  await expect(first).rejects.toMatchObject({ name: 'AbortError' });
  expect(await second).toBe('a'.repeat(10));
});

it('says what to do if the folder cannot be used', async () => {
  await writeFile(join(folder, '..', 'file'), '');
  const cache = createFileCache({ folder: join(folder, '..', 'file', 'files'), maxBytes: KB });
  await expect(cache.open(made('a', 10), never)).rejects.toMatchObject({
    code: 'storage_unavailable',
    message: expect.stringMatching(/FOREBAY_CACHE_DIR/),
  });
});
