/** The outputs of a process, by their places. */
import { bucketUrl, isObjectUrl } from '../stores/object-url.ts';
import type { Stores } from '../stores/stores.ts';
import { createFolderOutput } from './folder/folder-output.ts';
import { createObjectOutput } from './objects/object-output.ts';
import type { Output, Outputs } from './output.ts';

/** Maximum number of outputs that are kept. Every block asks for its output. */
const MOST_KEPT = 200;

/** Folders of this machine only. */
export const FOLDER_OUTPUTS: Outputs = { of: createFolderOutput };

export function createOutputs(stores: Pick<Stores, 'writable'>): Outputs {
  const kept = new Map<string, Output>();
  /** By bucket. A check that failed is repeated. */
  const checks = new Map<string, Promise<void>>();

  async function checkOnce(place: string, check: () => Promise<void>): Promise<void> {
    const bucket = bucketUrl(place);
    let checking = checks.get(bucket);
    if (checking === undefined) {
      checking = check();
      checks.set(bucket, checking);
      checking.catch(() => checks.delete(bucket));
    }
    return checking;
  }

  return {
    of(place) {
      let output = kept.get(place);
      if (output === undefined) {
        output = isObjectUrl(place)
          ? createObjectOutput(place, async () => stores.writable(place), checkOnce)
          : createFolderOutput(place);
        if (kept.size >= MOST_KEPT) kept.clear();
        kept.set(place, output);
      }
      return output;
    },
  };
}
