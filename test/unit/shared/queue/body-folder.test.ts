// The folder through which large bodies of online requests pass.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createInputRule } from '#forebay/shared/files/input-folders.js';
import { openBodyFolder } from '#forebay/shared/queue/online/body-folder.js';

const MINUTE_MS = 60_000;

let parent: string;
let dir: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'fbt-bodies-'));
  dir = join(parent, 'online');
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const bodies = () => readdirSync(dir).filter((name) => name !== 'folder-id');

it('processes that share a folder see the same id, and those of another folder another one', () => {
  const [api, worker] = [openBodyFolder(dir), openBodyFolder(dir)];
  expect(api.id).toBe(worker.id);
  expect(api.id).not.toBe(openBodyFolder(join(parent, 'other')).id);
  expect(bodies()).toEqual([]);
});

it('a body is a file that only this user can read, until it is removed', () => {
  const folder = openBodyFolder(dir);
  expect(folder.put('request', Buffer.from('body'))).toBe(true);
  const path = folder.pathOf('request');
  expect(readFileSync(path, 'utf8')).toBe('body');
  expect([statSync(path).mode & 0o777, statSync(dir).mode & 0o777]).toEqual([0o600, 0o700]);
  folder.remove('request');
  folder.remove('request');
  expect(bodies()).toEqual([]);
});

it('a body that cannot be written leaves nothing', () => {
  const folder = openBodyFolder(dir);
  rmSync(dir, { recursive: true });
  expect(folder.put('request', Buffer.from('body'))).toBe(false);
});

it('bodies of an API that was killed are removed once no request can be that old, and nothing else is', () => {
  let now = Date.now();
  const folder = openBodyFolder(dir, () => now);
  const [old, young] = [`${randomUUID()}.9`, randomUUID()];
  const others = ['photo.jpg', randomUUID(), `${randomUUID()}.9`, 'notes.body'];
  for (const [path, minutes] of [
    [folder.pathOf(old), 12],
    [folder.pathOf(young), 9],
    [join(dir, 'folder-id'), 20],
    ...others.map((name) => [join(dir, name), 20] as const),
  ] as const) {
    const modified = (now - minutes * MINUTE_MS) / 1000;
    writeFileSync(path, '');
    utimesSync(path, modified, modified);
  }
  folder.sweep();
  expect(readdirSync(dir).toSorted()).toEqual(['folder-id', `${young}.body`, ...others].toSorted());
  now += 3 * MINUTE_MS;
  folder.sweep();
  expect(readdirSync(dir).toSorted()).toEqual(['folder-id', ...others].toSorted());
  rmSync(dir, { recursive: true });
  folder.sweep();
});

it('a process that starts again does not write into the folder, which may be full', () => {
  const { id } = openBodyFolder(dir);
  const { mtimeMs } = statSync(dir);
  expect(openBodyFolder(dir).id).toBe(id);
  expect(statSync(dir).mtimeMs).toBe(mtimeMs);
});

it('a folder that cannot be created is reported with the setting', () => {
  writeFileSync(dir, '');
  expect(() => openBodyFolder(join(dir, 'inner'))).toThrow(/choose another with FOREBAY_ONLINE_DIR/);
});

it('no job reads the folder, even if it is inside an input root', () => {
  const rule = createInputRule({ inputRoots: ['/w'], onlineDir: '/w/online' });
  expect([rule('/w/online/request', 'default'), rule('/w/photo.jpg', 'default')]).toEqual([
    'data_folder',
    'allowed',
  ]);
});
