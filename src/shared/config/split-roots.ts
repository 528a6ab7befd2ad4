/** Splits the roots of inputs or outputs into folders and prefixes of S3. */
import { resolve } from 'node:path';
import { ForebayError, messageOf } from '../errors.ts';
import { EVERYTHING, objectRoot } from '../stores/object-roots.ts';
import { isObjectUrl } from '../stores/object-url.ts';

export interface Roots {
  /** Absolute. */
  readonly folders: string[];
  /** In the form of objectRoot. */
  readonly objects: string[];
}

/** Throws ForebayError `config_invalid`, which lists every bad entry. */
export function splitRoots(
  variable: 'FOREBAY_INPUT_ROOTS' | 'FOREBAY_OUTPUT_ROOTS',
  entries: readonly string[],
  cwd: string,
): Roots {
  const roots: Roots = { folders: [], objects: [] };
  const problems: string[] = [];
  for (const entry of entries) {
    if (isObjectUrl(entry)) {
      try {
        const root = objectRoot(entry);
        if (root === EVERYTHING && variable === 'FOREBAY_OUTPUT_ROOTS') {
          problems.push('"s3://" would let jobs write to every bucket. Name buckets or prefixes.');
        } else roots.objects.push(root);
      } catch (error) {
        problems.push(messageOf(error));
      }
    } else if (/^[a-z][a-z0-9+.-]*:\/\//i.test(entry)) {
      problems.push(`"${entry}" is neither a folder nor s3://BUCKET/PREFIX/.`);
    } else {
      roots.folders.push(resolve(cwd, entry));
    }
  }
  if (problems.length > 0) {
    throw new ForebayError('config_invalid', `${variable}: ${problems.join(' ')}`);
  }
  return roots;
}
