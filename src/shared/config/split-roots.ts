/** Reads settings that name folders and prefixes of object stores. */
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
  const places = readPlaces(variable, entries, cwd, (entry) => {
    const root = objectRoot(entry);
    if (!EVERYTHING.includes(root) || variable !== 'FOREBAY_OUTPUT_ROOTS') return root;
    throw new ForebayError(
      'config_invalid',
      `"${root}" would let jobs write to every bucket. Name buckets or prefixes.`,
    );
  });
  return {
    folders: places.filter((place) => !isObjectUrl(place)),
    objects: places.filter(isObjectUrl),
  };
}

/**
 * Absolute folders, and prefixes of object stores in the form of `toPrefix`. Throws ForebayError `config_invalid`,
 * which lists every bad entry.
 */
export function readPlaces(
  variable: string,
  entries: readonly string[],
  cwd: string,
  toPrefix: (url: string) => string,
): string[] {
  const places: string[] = [];
  const problems: string[] = [];
  for (const entry of entries) {
    if (isObjectUrl(entry)) {
      try {
        places.push(toPrefix(entry));
      } catch (error) {
        problems.push(messageOf(error));
      }
    } else if (/^[a-z][a-z0-9+.-]*:\/\//i.test(entry)) {
      problems.push(`"${entry}" is neither a folder nor s3://BUCKET/PREFIX/ or az://CONTAINER/PREFIX/.`);
    } else {
      places.push(resolve(cwd, entry));
    }
  }
  if (problems.length > 0) {
    throw new ForebayError('config_invalid', `${variable}: ${problems.join(' ')}`);
  }
  return places;
}
