/** Where a command writes: a folder, or a prefix of an object store. */
import { join, resolve } from 'node:path';
import { JOB_ID } from '../../shared/domain/job/job-id.ts';
import { ForebayError } from '../../shared/errors.ts';
import { isObjectUrl, objectFolder } from '../../shared/stores/object-url.ts';
import { UsageError } from '../exit-codes.ts';

/** An absolute folder, or a URL that ends in `/`. Throws UsageError. */
export function outputPlace(given: string, cwd: string, flag = '--output'): string {
  if (!isObjectUrl(given)) return resolve(cwd, given);
  try {
    return objectFolder(given);
  } catch (error) {
    if (error instanceof ForebayError) throw new UsageError(`${flag}: ${error.message}`);
    throw error;
  }
}

/**
 * The earlier output of a delta job, for a service that the command starts. Such a service knows no earlier jobs. Null:
 * no delta job.
 */
export function previousPlace({ delta }: { delta?: string }, cwd: string): string | null {
  if (delta === undefined) return null;
  if (JOB_ID.safeParse(delta).success) {
    throw new UsageError(`--delta names the job ${delta}, but no service runs. Name the place of its output`);
  }
  return outputPlace(delta, cwd, '--delta');
}

/** What a service that the command starts may write to, or take results from. */
export function outputRoots(...places: readonly (string | null)[]): string[] {
  const roots = places.flatMap((place) =>
    place === null ? [] : isObjectUrl(place) ? [place] : [resolve(place, '..')],
  );
  return [...new Set(roots)];
}

/** The path or URL of a file in an output. */
export function fileOfOutput(place: string, name: string): string {
  return isObjectUrl(place) ? place + name : join(place, name);
}
