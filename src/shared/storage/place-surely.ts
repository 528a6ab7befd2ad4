/** Gives the errors of a part that was just published their final name, whatever others have discarded meanwhile. */
import { ForebayError } from '../errors.ts';
import type { PartProof } from './output.ts';

/** Each try needs another process that discards errors in this moment. */
const TRIES = 3;

export interface ErrorsToPlace {
  /** False if there are no staged errors. */
  readonly place: () => Promise<boolean>;
  readonly stage: () => Promise<void>;
  readonly permit: () => Promise<PartProof | null>;
}

/**
 * False if the job has lost the output. Errors are staged before the job asks, as in a first publication. Throws
 * ForebayError `storage_unavailable`.
 */
export async function placeSurely({ place, stage, permit }: ErrorsToPlace): Promise<boolean> {
  for (let tries = TRIES; tries > 0; tries--) {
    if (await place()) return true;
    await stage();
    if ((await permit()) === null) return false;
  }
  if (await place()) return true;
  throw new ForebayError('storage_unavailable', 'The errors of a part were discarded several times.');
}
