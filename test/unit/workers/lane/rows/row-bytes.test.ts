import { execFileSync } from 'node:child_process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { chmodSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, realpath, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRowBytes } from '#forebay/workers/lane/rows/row-bytes.js';
import { withoutRights } from '../../../../support/without-rights.ts';

let dir: string;
let root: string;

beforeAll(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'forebay-row-bytes-')));
  // So that another user may enter it. See withoutRights.
  await chmod(dir, 0o755);
  root = join(dir, 'in');
  await mkdir(join(root, 'folder'), { recursive: true });
  await mkdir(join(dir, 'in-not'));
  await writeFile(join(root, 'a.jpg'), 'abc');
  await writeFile(join(root, 'empty.jpg'), '');
  await writeFile(join(root, 'large.jpg'), '');
  await truncate(join(root, 'large.jpg'), 1001);
  await writeFile(join(dir, 'in-not', 'secret'), 'secret');
  execFileSync('mkfifo', [join(root, 'pipe')]);
  await symlink(join(dir, 'in-not', 'secret'), join(root, 'out'));
  await symlink(join(dir, 'in-not'), join(root, 'out-folder'));
  await symlink('a.jpg', join(root, 'link.jpg'));
  await symlink('nowhere', join(root, 'broken'));
  await symlink(root, join(dir, 'linked-root'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const limits = (more = {}) => ({ inputRoots: [root], maxFileBytes: 1000, maxHeldBytes: 1000, ...more });
const read = async (path: string, more = {}) =>
  createRowBytes(limits(more)).use({ path, tenant: 'default' }, async (bytes) =>
    Buffer.from(bytes).toString(),
  );

describe('a local file', () => {
  it('is read by its name, or by a link under the root', async () => {
    expect(await read(join(root, 'a.jpg'))).toBe('abc');
    expect(await read(join(root, 'link.jpg'))).toBe('abc');
  });

  it.each([
    ['nothing.jpg', 'file_not_found'],
    ['a.jpg/below', 'file_not_found'],
    ['broken', 'file_not_found'],
    ['folder', 'file_unreadable'],
    ['pipe', 'file_unreadable'],
    ['empty.jpg', 'empty_file'],
    ['large.jpg', 'file_too_large'],
    ['out', 'path_not_allowed'],
    ['out-folder/secret', 'path_not_allowed'],
    ['../in-not/secret', 'path_not_allowed'],
    ['x'.repeat(5000), 'file_unreadable'],
  ])('%s ends as %s', async (name, code) => {
    await expect(read(`${root}/${name}`)).rejects.toMatchObject({ code });
  });

  it.each([
    ['broken', 'it is a link to nothing'],
    ['nothing.jpg', 'there is no such file'],
    ['e\u0301te\u0301.jpg', /another Unicode normal form \(NFC\)/],
    ['NFD/\u00e9.jpg', /another Unicode normal form \(NFD\)/],
    ['\u00e4.jpg', 'there is no such file'],
  ])('%s does not exist, and the error says why', async (name, message) => {
    await mkdir(join(root, 'NFD'), { recursive: true });
    await writeFile(join(root, '\u00e9t\u00e9.jpg'), 'abc');
    await writeFile(join(root, 'NFD', 'e\u0301.jpg'), 'abc');
    const matched = typeof message === 'string' ? message : expect.stringMatching(message);
    await expect(read(join(root, name))).rejects.toMatchObject({ code: 'file_not_found', message: matched });
  });

  it('is judged by its real location, even if a link replaces its folder meanwhile', async () => {
    const folder = join(root, 'swapped');
    mkdirSync(folder);
    writeFileSync(join(folder, 'a.jpg'), 'first');
    const rowBytes = createRowBytes(limits());
    const use = async (name: string) =>
      rowBytes.use({ path: join(folder, name), tenant: 'default' }, (bytes) => Buffer.from(bytes).toString());
    const readIt = async (name: string) => use(name).catch((error: { code: string }) => error.code);
    // All in one turn of the event loop, like the rows of a batch.
    const before = readIt('a.jpg');
    renameSync(folder, `${folder}-away`);
    symlinkSync(join(dir, 'in-not'), folder);
    // Until the turn ends, reads use the folder that was judged, which has no file called `secret`.
    const sameTurn = readIt('secret');
    expect(await Promise.all([before, sameTurn])).toEqual(['first', 'file_not_found']);
    await nextTurn();
    expect(await readIt('secret')).toBe('path_not_allowed');
  });

  it('is found in a folder that may be entered but not listed', async () => {
    const folder = join(root, 'unlisted');
    mkdirSync(folder);
    writeFileSync(join(folder, 'a.jpg'), 'abc');
    chmodSync(folder, 0o311);
    await withoutRights(async () => {
      expect(() => readdirSync(folder)).toThrow('EACCES');
      expect(await read(join(folder, 'a.jpg'))).toBe('abc');
    });
  });

  it('is found below a root that is a link, and below a root that was made later', async () => {
    const inputRoots = [join(dir, 'later'), join(dir, 'linked-root')];
    const rowBytes = createRowBytes(limits({ inputRoots }));
    const readIt = async (path: string) =>
      rowBytes.use({ path, tenant: 'default' }, async (bytes) => bytes.length);
    expect(await readIt(join(dir, 'linked-root', 'a.jpg'))).toBe(3);
    await mkdir(join(dir, 'later'));
    await writeFile(join(dir, 'later', 'b.jpg'), 'b');
    expect(await readIt(join(dir, 'later', 'b.jpg'))).toBe(1);
  });
});

describe('a file of a tenant', () => {
  it('is opened only for that tenant and the operator, and a file of the data folder for nobody', async () => {
    const results = join(root, 'results');
    for (const folder of ['results/alice', 'data']) await mkdir(join(root, folder), { recursive: true });
    await writeFile(join(results, 'alice', 'part'), 'hers');
    await writeFile(join(root, 'data', 'keys'), 'keys');
    await symlink(join(results, 'alice', 'part'), join(root, 'to-alice'));
    await symlink(join(root, 'data'), join(root, 'to-data'));
    const rowBytes = createRowBytes(limits({ dataDir: join(root, 'data'), outputRoots: [results] }));
    const use = async (tenant: string, name: string) =>
      rowBytes.use({ path: join(root, name), tenant }, (bytes) => Buffer.from(bytes).toString());
    const readAs = async (tenant: string, name: string) =>
      use(tenant, name).catch((error: { code: string }) => error.code);
    for (const name of ['results/alice/part', 'to-alice']) {
      expect(await readAs('alice', name)).toBe('hers');
      expect(await readAs('default', name)).toBe('hers');
      expect(await readAs('bob', name)).toBe('path_not_allowed');
    }
    for (const tenant of ['alice', 'default', 'bob']) {
      expect(await readAs(tenant, 'data/keys')).toBe('path_not_allowed');
      expect(await readAs(tenant, 'to-data/keys')).toBe('path_not_allowed');
      expect(await readAs(tenant, 'a.jpg')).toBe('abc');
    }
  });
});

describe('the bytes that a lane holds', () => {
  it('exceed the budget by at most one row, and all rows get their turn', async () => {
    const rowBytes = createRowBytes(limits({ maxHeldBytes: 7 }));
    let held = 0;
    let most = 0;
    const rows = Array.from({ length: 20 }, async () =>
      rowBytes.use({ path: join(root, 'a.jpg'), tenant: 'default' }, async (bytes) => {
        held += bytes.length;
        most = Math.max(most, held);
        await new Promise(setImmediate);
        held -= bytes.length;
        return bytes.length;
      }),
    );
    expect((await Promise.all(rows)).length).toBe(20);
    expect(most).toBe(9);
    expect(rowBytes.takeCounts().bytes).toBe(60);
    expect(rowBytes.takeCounts().bytes).toBe(0);
  });

  it('are released by rows that fail', async () => {
    const rowBytes = createRowBytes(limits({ maxHeldBytes: 1 }));
    for (const name of ['empty.jpg', 'nothing.jpg', 'a.jpg', 'out']) {
      const fails = async () =>
        rowBytes.use({ path: join(root, name), tenant: 'default' }, async () =>
          Promise.reject(new Error('no')),
        );
      await expect(fails()).rejects.toThrow();
    }
    expect(
      await rowBytes.use({ path: join(root, 'a.jpg'), tenant: 'default' }, async (bytes) => bytes.length),
    ).toBe(3);
  });
});

describe('bytes of a large file that are only lent', () => {
  const MB = 2 ** 20;
  const large = (name: string, fill: string, length: number) => {
    const path = join(root, name);
    writeFileSync(path, fill.repeat(length));
    return { path, tenant: 'default' };
  };
  const open = () => createRowBytes(limits({ maxFileBytes: 4 * MB, maxHeldBytes: 8 * MB }));
  const isAll = (bytes: Uint8Array, fill: string) => bytes.every((byte) => byte === fill.charCodeAt(0));

  it('lie where those of an earlier file did, which is done', async () => {
    const rowBytes = open();
    const first = large('first', 'a', MB);
    const second = large('second', 'b', MB / 2);
    const seen: Uint8Array[] = [];
    const look = (bytes: Uint8Array) => void seen.push(bytes);
    for (const row of [first, second, first]) {
      void rowBytes.lend(row, look);
      expect(isAll(seen.at(-1)!, row === first ? 'a' : 'b')).toBe(true);
    }
    const fail = async (bytes: Uint8Array) => Promise.reject(new Error(`${bytes.length} bytes`));
    await expect((async () => rowBytes.lend(first, fail))()).rejects.toThrow(`${MB} bytes`);
    void rowBytes.lend(second, look);
    expect(seen.map(({ length }) => length)).toEqual([MB, MB / 2, MB, MB / 2]);
    expect(new Set(seen.map(({ buffer }) => buffer)).size).toBe(1);
  });

  it('are not touched while others are read, and bytes that are not lent never are', async () => {
    const rowBytes = open();
    const rows = ['a', 'b', 'c', 'd'].map((fill) => ({ fill, row: large(fill, fill, MB) }));
    const kept = await rowBytes.use(rows[0]!.row, (bytes) => bytes);
    for (let round = 0; round < 2; round++) {
      const intact = rows.map(async ({ fill, row }) =>
        rowBytes.lend(row, async (bytes) => {
          await nextTurn();
          return isAll(bytes, fill);
        }),
      );
      expect(await Promise.all(intact)).toEqual([true, true, true, true]);
    }
    expect(isAll(kept, 'a')).toBe(true);
  });
});
