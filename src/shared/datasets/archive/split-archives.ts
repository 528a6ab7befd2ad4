/** Splits a path of archives into their folder and the names below it. Touches no file. */
import { ForebayError } from '../../errors.ts';
import { readBraces } from '../../text/brace-pattern.ts';

export interface ArchivesPath {
  /** The folder before the first part with braces or wildcards. */
  readonly folder: string;
  /** A pattern of names below the folder. */
  readonly pattern: string;
  readonly shards: 'braces' | 'glob';
}

/** More names are a mistake in the braces, and all are checked before a job begins. */
const MAX_SHARDS = 100_000;

/** Null: the path names one archive. Throws ForebayError `invalid_request` for a pattern that cannot be used. */
export function splitArchives(path: string): ArchivesPath | null {
  const first = /[{}*?[]/.exec(path)?.index;
  if (first === undefined) return null;
  const slash = path.lastIndexOf('/', first);
  const pattern = path.slice(slash + 1);
  const folder = slash < 0 ? '.' : path.slice(0, slash) || '/';
  if (pattern.split('/').some((part) => part === '.' || part === '..')) {
    throw refused(path, '"." and ".." cannot follow braces or wildcards');
  }
  if (/[*?[]/.test(pattern)) return { folder, pattern, shards: 'glob' };
  const names = readBraces(pattern);
  if (names === null || typeof names === 'string') throw refused(path, names ?? 'it has no braces');
  if (names.count > MAX_SHARDS) {
    throw refused(path, `it names ${names.count} archives, and the limit is ${MAX_SHARDS}`);
  }
  return { folder, pattern, shards: 'braces' };
}

function refused(path: string, why: string): ForebayError {
  return new ForebayError('invalid_request', `${path}: ${why}.`, {
    issues: [{ path: '/input/path', message: why }],
  });
}
