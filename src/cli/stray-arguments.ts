/** Explains arguments without a flag. Usually the shell has expanded an unquoted pattern. */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { shellLine } from '../shared/text/shell-line.ts';

export interface Stray {
  /** The arguments that no flag takes. */
  readonly words: readonly string[];
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly program: string;
}

/** A sentence and the command to paste. Null if the words are not files, or are several files without a flag. */
export function strayArgumentsText(stray: Stray): string | null {
  const { words, argv, cwd, program } = stray;
  if (words.length === 0 || !words.every((word) => isThere(resolve(cwd, word)))) return null;
  const at = argv.indexOf(words[0]!);
  const flag = argv[at - 2];
  const first = argv[at - 1];
  if (flag === undefined || !flag.startsWith('--') || first === undefined || !isThere(resolve(cwd, first))) {
    const line = shellLine([...argv.slice(0, at), '--input', ...argv.slice(at)]);
    return words.length === 1
      ? `"${words[0]}" has no flag before it. Did you mean:\n  ${program} ${line}`
      : null;
  }
  const files = [first, ...words];
  const end = at + words.length;
  const pattern = patternOf(files, cwd);
  const line = shellLine([...argv.slice(0, at - 1), pattern, ...argv.slice(end)]);
  return `The shell expanded the pattern after ${flag} to ${files.length} files. Quote it:\n  ${program} ${line}`;
}

/**
 * The simplest of the usual patterns that matches only these files, or the narrowest if each matches others, too. For
 * files of several folders, the pattern matches all files with the extension.
 */
function patternOf(files: readonly string[], cwd: string): string {
  const folders = new Set(files.map(dirname));
  const endings = new Set(files.map(extname));
  const name = endings.size === 1 ? `*${[...endings][0]}` : '*';
  if (folders.size > 1) return join(sharedFolder([...folders]), '**', name);
  const folder = [...folders][0]!;
  const names = files.map((file) => basename(file));
  const others = readdirSync(resolve(cwd, folder)).filter(
    (one) => !one.startsWith('.') && !names.includes(one),
  );
  const start = sharedStart(names);
  const end = sharedEnd(names);
  const ending = name.slice(1);
  const tried = [
    ['', ending],
    ['', end],
    [start, ending],
    [start, end],
  ] as const;
  const exact = tried.find(([from, to]) => !others.some((one) => one.startsWith(from) && one.endsWith(to)));
  const [from, to] = exact ?? [start, end];
  return join(folder, `${from}*${to}`);
}

/** The longest ending that all names share, with the extension. */
function sharedEnd(names: readonly string[]): string {
  const [first = ''] = names;
  let from = 0;
  while (!names.every((one) => one.endsWith(first.slice(from)))) from += 1;
  return first.slice(from);
}

/** The longest beginning that all names share, without the extension, which the pattern already has. */
function sharedStart(names: readonly string[]): string {
  const [first = ''] = names.map((one) => one.slice(0, one.length - extname(one).length));
  let length = first.length;
  while (!names.every((one) => one.startsWith(first.slice(0, length)))) length -= 1;
  return first.slice(0, length);
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
