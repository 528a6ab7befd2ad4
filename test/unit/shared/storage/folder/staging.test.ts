// What a process sees of a staging folder that it cannot read. An old owner of the output may still publish from there.
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { newJobId } from '#forebay/shared/domain/job/job-id.js';
import { discardStaged, removeStaging, stagedIn } from '#forebay/shared/storage/folder/staging.js';

const root = mkdtempSync(join(tmpdir(), 'forebay-staging-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const job = newJobId(Date.now(), new Uint8Array(16));

it('a staging folder that cannot be read does not count as empty', async () => {
  const loop = join(root, 'loop');
  symlinkSync(loop, loop);
  await expect(discardStaged(loop, { job, lease: 'mine' })).rejects.toThrow('ELOOP');
  await expect(removeStaging(loop, job)).rejects.toThrow('ELOOP');
});

it('a missing staging folder is empty, and so is a file in its place', async () => {
  expect(await stagedIn(join(root, 'missing', '_staging'))).toEqual([]);
  const file = join(root, 'file');
  writeFileSync(file, '');
  expect(await stagedIn(file)).toEqual([]);
  expect(await stagedIn(join(file, '_staging'))).toEqual([]);
});
