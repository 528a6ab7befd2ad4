/** Checks the output folder of a run: it is empty, or the user has chosen what to do with its files. */
import { readdir } from 'node:fs/promises';
import { isObjectUrl } from '../../shared/stores/object-url.ts';
import { UsageError } from '../exit-codes.ts';

/** `output` is from outputPlace, `given` is the path as the user typed it. Throws UsageError. */
export async function checkOutput(
  output: string,
  given: string,
  flags: { resume?: true; overwrite?: true },
): Promise<void> {
  // The service has the credentials, and refuses an output that it may not use.
  if (isObjectUrl(output)) return;
  let names: string[];
  try {
    names = await readdir(output);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    if (code === 'ENOTDIR') throw new UsageError(`--output must be a folder: ${given} is a file`);
    throw new UsageError(`--output cannot be used: ${message}`);
  }
  if (names.length === 0 || flags.resume || flags.overwrite) return;
  throw new UsageError(
    `${given} is not empty: add --resume to continue from its results, add --overwrite to replace them, or choose another --output`,
  );
}
