/** Puts a model's files into its folder, and undoes that if the model does not load. */
import {
  constants,
  copyFile,
  link,
  mkdir,
  readFile,
  realpath,
  rm,
  rmdir,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname } from 'node:path';

export interface FilePlacer {
  /** Makes a hard link if possible, else a copy. Follows links. Throws if the target is another file. */
  place(source: string, target: string): Promise<'there' | 'linked' | 'copied'>;
  /** Writes a file, or replaces an existing one. */
  write(target: string, content: string | Buffer): Promise<void>;
  /** Reverts everything that was placed or written. */
  undo(): Promise<void>;
}

export function createFilePlacer(): FilePlacer {
  const undos: (() => Promise<void>)[] = [];

  async function makeFolder(dir: string): Promise<void> {
    const first = await mkdir(dir, { recursive: true });
    if (first === undefined) return;
    undos.push(async () => {
      for (let made = dir; made.length >= first.length; made = dirname(made)) await rmdir(made);
    });
  }

  async function place(source: string, target: string): Promise<'there' | 'linked' | 'copied'> {
    if (source === target) return 'there';
    // A hard link to a relative symbolic link would point to nothing from its new folder.
    const real = await realpath(source);
    const there = await stat(target).catch(() => null);
    if (there !== null) {
      const from = await stat(real);
      if (from.ino === there.ino && from.dev === there.dev) return 'there';
      throw new Error(`${target} exists and is another file; choose another folder with --out`);
    }
    await makeFolder(dirname(target));
    undos.push(async () => rm(target, { force: true }));
    try {
      await link(real, target);
      return 'linked';
    } catch {
      await copyFile(real, target, constants.COPYFILE_FICLONE);
      return 'copied';
    }
  }

  async function write(target: string, content: string | Buffer): Promise<void> {
    const before = await readFile(target).catch(() => null);
    await makeFolder(dirname(target));
    undos.push(async () => (before === null ? rm(target, { force: true }) : writeFile(target, before)));
    await writeFile(target, content);
  }

  async function undo(): Promise<void> {
    for (const back of undos.splice(0).toReversed()) await back().catch(() => undefined);
  }

  return { place, write, undo };
}
