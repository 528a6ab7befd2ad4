// The folder through which large bodies of online requests pass.
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

it('bodies of an API that was killed are removed once no request can be that old', () => {
  let now = Date.now();
  const folder = openBodyFolder(dir, () => now);
  for (const [name, minutes] of [
    ['old', 12],
    ['young', 9],
  ] as const) {
    const modified = (now - minutes * MINUTE_MS) / 1000;
    writeFileSync(join(dir, name), '');
    utimesSync(join(dir, name), modified, modified);
  }
  folder.put('first', Buffer.from('x'));
  expect(bodies().toSorted()).toEqual(['first', 'young']);
  now += 3 * MINUTE_MS;
  folder.put('second', Buffer.from('x'));
  expect(bodies().toSorted()).toEqual(['first', 'second']);
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
