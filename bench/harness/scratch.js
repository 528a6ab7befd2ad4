/** Temporary folders of the benchmarks. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

export function makeScratch() {
  return mkdtempSync(join(tmpdir(), 'forebay-bench-'));
}

export function removeScratch(folder) {
  rmSync(folder, { recursive: true, force: true });
}

/** Removes the folder when `work` has ended. @template T @param {(folder: string) => Promise<T>} work */
export async function inScratch(work) {
  const folder = makeScratch();
  try {
    return await work(folder);
  } finally {
    removeScratch(folder);
  }
}

/** A scratch folder that holds links to model folders. @param {readonly string[]} models model folders */
export function makeServiceFolder(models) {
  const folder = makeScratch();
  const modelsDir = join(folder, 'models');
  mkdirSync(modelsDir);
  for (const model of models) symlinkSync(model, join(modelsDir, basename(model)));
  return { folder, modelsDir, dataDir: join(folder, 'data') };
}
