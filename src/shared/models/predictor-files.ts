/**
 * The files of a predictor: every file of its folder, because its code may read any of them. Names that begin with a dot
 * do not count.
 */
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { messageOf, type Issue } from '../errors.ts';
import { stampFile, type ModelFile } from './content-memo.ts';
import type { ExternalFile } from './graph-files.ts';

/** Names of the module, in order of preference. */
export const PREDICTOR_FILES: readonly string[] = ['predictor.js', 'predictor.mjs'];

/**
 * What to do if a folder has the code, but only in a form that cannot be loaded: TypeScript or CommonJS. Null if it has
 * neither. `names`: the files of the folder. `module`: the missing one.
 */
export function adviceForSource(names: readonly string[], module: string): string | null {
  const stem = /^(.*)\.m?js$/.exec(module)?.[1];
  const source = ['ts', 'mts', 'cjs', 'cts']
    .map((end) => `${stem}.${end}`)
    .find((name) => names.includes(name));
  if (stem === undefined || source === undefined) return null;
  return source.endsWith('.cjs')
    ? `Write ${source} as an ES module, ${stem}.mjs`
    : `Compile ${source} to ${module}, as an ES module`;
}

/** Workers look at these many levels and files of a folder for changes. */
export const MAX_LEVELS = 8;
export const MAX_FILES = 4_096;

/**
 * All files except `entry` and `config`, in order of location. Leaves out what cannot be read, and adds an issue for it.
 */
export async function readPredictorFiles(
  dir: string,
  { entry, config }: { readonly entry: ModelFile; readonly config: string },
  issues: Issue[],
): Promise<ExternalFile[]> {
  const problem = (message: string) => void issues.push({ path: '', message });
  const files: ExternalFile[] = [];

  async function collect(folder: string, levels: number): Promise<void> {
    const entries = await readdir(folder, { withFileTypes: true });
    for (const found of entries) {
      const path = join(folder, found.name);
      const isKnown = path === entry.path || path === config;
      if (isKnown || found.name.startsWith('.') || files.length > MAX_FILES) continue;
      if (!found.isDirectory()) await add(path);
      else if (levels > 1) await collect(path, levels - 1);
      else problem(`${show(path)} is more than ${MAX_LEVELS} folders deep. ${BUNDLE}`);
    }
  }

  async function add(path: string): Promise<void> {
    try {
      if (!(await stat(path)).isFile())
        return problem(`${show(path)} is a link to a folder, or no file; copy it`);
      files.push({ ...(await stampFile(path)), location: show(path) });
    } catch (error) {
      problem(`${show(path)} cannot be read: ${messageOf(error)}`);
    }
  }

  const show = (path: string) => relative(dir, path).split(sep).join('/');
  await collect(dir, MAX_LEVELS);
  if (files.length > MAX_FILES) problem(`the folder has more than ${MAX_FILES} files. ${BUNDLE}`);
  return files.toSorted((a, b) => (a.location < b.location ? -1 : 1));
}

const BUNDLE =
  "A predictor's files are its identity, so keep them few: bundle packages into predictor.js, for example with esbuild";
