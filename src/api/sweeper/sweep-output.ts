/**
 * Temporary files in the output folder of a job that has ended: staged parts of runs that were killed or came too late,
 * manifests that were not finished. Published files are never touched.
 */
import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { outputFolder } from '../../shared/storage/output-folder.ts';

/** Files removed from one folder in one step. */
const MOST = 1000;

/** Removes those last written before `before` (epoch ms). Returns how many. */
export async function sweepOutput(folder: string, before: number): Promise<number> {
  const { staging } = outputFolder(folder);
  const staged = (await names(staging)).map((name) => join(staging, name));
  const beside = (await names(folder)).filter(isTemporary).map((name) => join(folder, name));
  let removed = 0;
  for (const path of [...staged, ...beside].slice(0, MOST)) {
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
    if (mtimeMs >= before) continue;
    await rm(path, { force: true });
    removed += 1;
  }
  // Only when it is empty: a run may just have begun there.
  await rmdir(staging).catch(() => undefined);
  return removed;
}

function isTemporary(name: string): boolean {
  return /^manifest\.json\.[0-9a-f-]{36}$/.test(name) || name === 'job.json.new';
}

async function names(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
