/** Where a command writes: a folder, or a prefix of S3. */
import { join, resolve } from 'node:path';
import { ForebayError } from '../../shared/errors.ts';
import { isObjectUrl, objectFolder } from '../../shared/stores/object-url.ts';
import { UsageError } from '../exit-codes.ts';

/** An absolute folder, or a URL that ends in `/`. Throws UsageError. */
export function outputPlace(given: string, cwd: string): string {
  if (!isObjectUrl(given)) return resolve(cwd, given);
  try {
    return objectFolder(given);
  } catch (error) {
    if (error instanceof ForebayError) throw new UsageError(`--output: ${error.message}`);
    throw error;
  }
}

/** What a service of its own may write to. */
export function outputRoot(place: string): string {
  return isObjectUrl(place) ? place : resolve(place, '..');
}

/** The path or URL of a file in an output. */
export function fileOfOutput(place: string, name: string): string {
  return isObjectUrl(place) ? place + name : join(place, name);
}
