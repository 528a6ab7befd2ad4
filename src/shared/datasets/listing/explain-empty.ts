/** Explains why the patterns of a dataset match no file, and suggests patterns that match some. */
import { createGlobFilter, type GlobFilter } from './glob-filter.ts';
import { unicodeForm } from '../../text/unicode-form.ts';

/** Counting stops here. The sentence then says "or more". */
const ENOUGH = 1_000;

type Change = (text: string) => string;

/** Changes of a pattern to suggest to the user. */
const OTHER_CASES: readonly Change[] = [(text) => text.toLowerCase(), (text) => text.toUpperCase()];
const loose: Change = (text) => text.normalize('NFC').toLowerCase();

/**
 * Returns a sentence, or null if there are no files or no patterns. `walkWith` yields the files that a filter lets
 * through.
 */
export async function explainEmpty(
  given: Patterns,
  walkWith: Walk,
  holder: 'folder' | 'archive' = 'folder',
): Promise<string | null> {
  return (await otherSpelling(given, walkWith)) ?? unmatched(given, walkWith, holder);
}

interface Patterns {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly ignore_case?: true | undefined;
}

type Walk = (filter: GlobFilter) => AsyncIterable<{ readonly id: string }>;

/** Says that there are files, but none that matches. */
async function unmatched(
  { include, exclude }: Patterns,
  walkWith: Walk,
  holder: string,
): Promise<string | null> {
  if (include.length === 0 && exclude.length === 0) return null;
  let files = 0;
  let example = '';
  for await (const { id } of walkWith(createGlobFilter([], []))) {
    if (files === 0) example = id;
    if (++files >= ENOUGH) break;
  }
  if (files === 0) return null;
  const given = [
    ...(include.length === 0 ? [] : [`include ${quoted(include)}`]),
    ...(exclude.length === 0 ? [] : [`exclude ${quoted(exclude)}`]),
  ];
  return `The ${holder} holds ${counted(files)}, such as "${example}", but no file passes ${given.join(' and ')}.`;
}

/** Looks for include patterns that would match in another letter case or Unicode normal form. */
async function otherSpelling(
  { include, exclude, ignore_case }: Patterns,
  walkWith: Walk,
): Promise<string | null> {
  if (include.length === 0) return null;
  const kept = createGlobFilter([], exclude, ignore_case);
  const near = createGlobFilter(include.map(loose), []);
  const others = OTHER_CASES.map((change) => {
    const patterns = include.map(change);
    return { patterns, filter: createGlobFilter(patterns, []), files: 0 };
  });
  let files = 0;
  let example: string | null = null;
  const found = walkWith({
    file: (id) => kept.file(id) && near.file(loose(id)),
    folder: (id) => kept.folder(id) && near.folder(loose(id)),
  });
  for await (const { id } of found) {
    example ??= id;
    for (const other of others) if (other.filter.file(id)) other.files += 1;
    if (++files >= ENOUGH) break;
  }
  if (example === null) return null;
  const given = quoted(include);
  const better = others.reduce((best, other) => (other.files > best.files ? other : best));
  if (better.files > 0) {
    return `${given} matches no file, but ${quoted(better.patterns)} matches ${counted(better.files)}: letter case matters.`;
  }
  const many = `${counted(files)}, such as "${example}"`;
  if (include.some((pattern) => pattern.normalize('NFC') !== pattern) || unicodeForm(example) !== null) {
    const form = unicodeForm(example) ?? 'NFC';
    return `${given} matches no file, but would match ${many}, whose names are in another Unicode normal form (${form}).`;
  }
  return `${given} matches no file, but would match ${many}, in another letter case.`;
}

function quoted(patterns: readonly string[]): string {
  return patterns.map((pattern) => `"${pattern}"`).join(', ');
}

function counted(files: number): string {
  if (files === 1) return '1 file';
  return files >= ENOUGH ? `${ENOUGH.toLocaleString('en')} files or more` : `${files} files`;
}
