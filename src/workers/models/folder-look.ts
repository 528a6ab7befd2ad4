/** A cheap look at a model folder, which shows whether a file may have changed. It reads the content of no file. */
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { MAX_FILES, MAX_LEVELS } from '../../shared/models/predictor-files.ts';

export interface FolderLook {
  /** Equal to the key of an earlier look if no file has changed. Empty if there is no folder. */
  readonly key: string;
  /** Paths of all files. */
  readonly files: readonly string[];
}

export async function lookAt(dir: string): Promise<FolderLook> {
  const files: string[] = [];
  await collect(dir, MAX_LEVELS, files);
  const lines = await Promise.all(files.map(async (file) => `${relative(dir, file)} ${await stamp(file)}`));
  return { key: lines.join('\n'), files };
}

/** The key of a pipeline: of its own folder, and of each member. */
export function joinKeys(own: string, members: readonly string[]): string {
  return members.length === 0 ? own : JSON.stringify([own, ...members]);
}

async function collect(dir: string, levels: number, files: string[]): Promise<void> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) {
      if (levels > 1) await collect(path, levels - 1, files);
    } else if (files.length < MAX_FILES) files.push(path);
  }
}

/** Identifies a file and its last write. Includes the change time, which no tool can set back. */
async function stamp(file: string): Promise<string> {
  const found = await stat(file, { bigint: true }).catch(() => null);
  if (found === null) return 'gone';
  return [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ');
}
