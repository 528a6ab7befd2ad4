/** Arguments that stand without a flag: mostly a pattern that the shell has expanded because it was not quoted. */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { shellLine } from './shell-words.ts';

export interface Stray {
  /** The words of the command line that no flag takes. */
  readonly words: readonly string[];
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly program: string;
}

/** A sentence, and the command to paste; null where the words are no files. */
export function strayFilesText(stray: Stray): string | null {
  const { words, argv, cwd, program } = stray;
  if (words.length === 0 || !words.every((word) => isThere(resolve(cwd, word)))) return null;
  const at = argv.indexOf(words[0]!);
  const flag = argv[at - 2];
  const first = argv[at - 1];
  if (flag === undefined || !flag.startsWith('--') || first === undefined || !isThere(resolve(cwd, first))) {
    const line = shellLine([...argv.slice(0, at), '--input', ...argv.slice(at)]);
    return words.length === 1
      ? `"${words[0]}" stands without a flag. Did you mean:\n  ${program} ${line}`
      : null;
  }
  const files = [first, ...words];
  const end = at + words.length;
  const pattern = patternOf(files, cwd);
  const line = shellLine([...argv.slice(0, at - 1), pattern, ...argv.slice(end)]);
  return `The shell has expanded the pattern behind ${flag} to ${files.length} files. Quote it:\n  ${program} ${line}`;
}

/** The tightest of the usual patterns that gives just these files, or all files of the kind below their folder. */
function patternOf(files: readonly string[], cwd: string): string {
  const folders = new Set(files.map(dirname));
  const endings = new Set(files.map(extname));
  const name = endings.size === 1 ? `*${[...endings][0]}` : '*';
  if (folders.size > 1) return join(sharedFolder([...folders]), '**', name);
  const folder = [...folders][0]!;
  const names = files.map((file) => basename(file));
  const start = sharedStart(names);
  const others = readdirSync(resolve(cwd, folder)).filter(
    (other) => !names.includes(other) && !other.startsWith('.') && other.endsWith(name.slice(1)),
  );
  const told =
    others.length === 0 || others.some((other) => other.startsWith(start)) ? name : `${start}${name}`;
  return join(folder, told);
}

function sharedStart(names: readonly string[]): string {
  const [first = ''] = names;
  let length = first.length;
  while (!names.every((name) => name.startsWith(first.slice(0, length)))) length -= 1;
  // The ending is in the pattern already.
  return first.slice(0, Math.min(length, first.length - extname(first).length));
}

function sharedFolder(folders: readonly string[]): string {
  const [first = '.'] = folders;
  let folder = first;
  while (folder !== dirname(folder) && !folders.every((one) => `${one}/`.startsWith(`${folder}/`))) {
    folder = dirname(folder);
  }
  return folder;
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
