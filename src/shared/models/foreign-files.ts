/** The files of one model folder, read for its config. Records which ones were read. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import { parseJson } from '../text/parse-json.ts';
import { readText } from '../text/read-text.ts';
import { stampFile, type ModelFile } from './content-memo.ts';
import type { Json } from './hugging-face/reading.ts';

export interface ForeignFiles {
  readonly dir: string;
  /** Every file that was read, with its stamp from before the reading. */
  readonly read: readonly ModelFile[];
  /** Null if there is no such file. Throws an Error that names the file if it cannot be read. */
  text(name: string): Promise<string | null>;
  /** An object or a list. Null if there is no such file. Throws an Error that names the file if it holds neither. */
  json(name: string): Promise<Json | readonly unknown[] | null>;
  /** Names in a folder below, sorted. Empty if there is no such folder. */
  names(below?: string): Promise<readonly string[]>;
  isFile(name: string): Promise<boolean>;
}

/** Configs of models are small. A vocabulary inside of one may have a few megabytes. */
const MAX_CONFIG_BYTES = 16 * 1024 * 1024;

export function openForeignFiles(dir: string): ForeignFiles {
  const read: ModelFile[] = [];

  async function text(name: string): Promise<string | null> {
    const file = await stampFile(join(dir, name)).catch(() => null);
    if (file === null) return null;
    read.push(file);
    if (file.size > MAX_CONFIG_BYTES) {
      throw new Error(`${name} has ${file.size} bytes, and the limit for a config is ${MAX_CONFIG_BYTES}`);
    }
    const bytes = await readFile(file.path).catch((cause: unknown) => {
      throw new Error(`${name} cannot be read: ${messageOf(cause)}`, { cause });
    });
    const reading = readText(bytes);
    if (!reading.ok) throw new Error(`${name} ${reading.why}`);
    return reading.text;
  }

  async function json(name: string): Promise<Json | readonly unknown[] | null> {
    const content = await text(name);
    if (content === null) return null;
    const parsed = parseJson(content);
    if (!parsed.ok) throw new Error(`${name} ${parsed.why}`, { cause: parsed.cause });
    const { value } = parsed;
    if (typeof value === 'object' && value !== null) return value as Json | readonly unknown[];
    throw new Error(`${name} is not a JSON object`);
  }

  return {
    dir,
    read,
    text,
    json,
    names: async (below = '') => (await readdir(join(dir, below)).catch(() => [] as string[])).toSorted(),
    isFile: async (name) => (await stat(join(dir, name)).catch(() => null))?.isFile() === true,
  };
}

/** The fields of a file that must be an object. Empty if there is no such file. */
export async function objectIn(files: ForeignFiles, name: string): Promise<Json> {
  const value = await files.json(name);
  if (Array.isArray(value)) throw new Error(`${name} is a list, not an object`);
  return (value ?? {}) as Json;
}
