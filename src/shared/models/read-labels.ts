/** Reads the labels file that a config names: one class name per line. */
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { messageOf, type Issue } from '../errors.ts';
import { readText } from './read-text.ts';

/**
 * Every lane holds the labels, and each row's answer carries some of them. The largest public set (ImageNet) has 21,841
 * names of at most 200 characters. A file beyond these limits is not a list of names.
 */
const MAX_LABELS = 1_000_000;
const MAX_LABEL_CHARS = 1_024;
const MAX_LABELS_BYTES = 64 * 1024 * 1024;

export interface Labels {
  /** Class names in index order. */
  readonly names: string[];
  /** The file's content. */
  readonly bytes: Buffer;
}

/** Returns null and adds an issue if the file cannot be used. */
export async function readLabels(dir: string, name: string, issues: Issue[]): Promise<Labels | null> {
  const problem = (message: string): null => {
    issues.push({ path: '/labels', message });
    return null;
  };
  if (name !== basename(name) || name === '..') {
    return problem('must be the name of a file beside model.json, not a path');
  }
  const path = join(dir, name);
  try {
    const { size } = await stat(path);
    if (size > MAX_LABELS_BYTES) {
      return problem(`the file "${name}" has ${size} bytes; at most ${MAX_LABELS_BYTES}`);
    }
    const bytes = await readFile(path);
    const reading = parseLabels(bytes);
    return reading.ok ? { names: reading.names, bytes } : problem(reading.why);
  } catch (error) {
    const gone = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return problem(gone ? `there is no file "${name}" beside model.json` : messageOf(error));
  }
}

/** One name per line. An empty last line is not a name. `why` is a sentence about "the file". */
export function parseLabels(
  bytes: Buffer,
): { readonly ok: true; readonly names: string[] } | { readonly ok: false; readonly why: string } {
  const reading = readText(bytes);
  if (!reading.ok) return { ok: false, why: `the file ${reading.why}` };
  const names = reading.text.split(/\r?\n/);
  if (names.at(-1) === '') names.pop();
  if (names.length > MAX_LABELS) {
    return { ok: false, why: `the file has ${names.length} names; at most ${MAX_LABELS}` };
  }
  const long = names.findIndex((name) => name.length > MAX_LABEL_CHARS);
  if (long < 0) return { ok: true, names };
  return {
    ok: false,
    why: `line ${long + 1} of the file has ${names[long]!.length} characters; a name has at most ${MAX_LABEL_CHARS}`,
  };
}
