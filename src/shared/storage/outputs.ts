/** The outputs of a process, by their places. */
import { createFolderOutput } from './folder/folder-output.ts';
import type { Output, Outputs } from './output.ts';

/** Every block asks for its output. */
const MOST_KEPT = 200;

/** Folders of this machine only. */
export const FOLDER_OUTPUTS: Outputs = { of: createFolderOutput };

export function createOutputs(): Outputs {
  const kept = new Map<string, Output>();
  return {
    of(place) {
      let output = kept.get(place);
      if (output === undefined) {
        output = createFolderOutput(place);
        if (kept.size >= MOST_KEPT) kept.clear();
        kept.set(place, output);
      }
      return output;
    },
  };
}
