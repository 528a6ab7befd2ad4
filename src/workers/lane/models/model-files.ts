/** Reads the files that a model's config names, exactly as they were when the model was found. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import { sha256 } from '../../../shared/text/sha256.ts';
import { CONFIG_FILE } from '../../../shared/models/config-file.ts';
import type { ModelLoad } from '../messages.ts';
import type { ModelFiles } from '../tasks/task.ts';

export function createModelFiles({ named, configFile }: Pick<ModelLoad, 'named' | 'configFile'>): ModelFiles {
  return {
    config: configFile ?? CONFIG_FILE,
    read(field) {
      const file = named.find((one) => one.field === field);
      if (file === undefined) return null;
      const bytes = contentOf(file.path);
      if (sha256(bytes) === file.sha256) return bytes;
      throw new ForebayError(
        'model_load_failed',
        `${basename(file.path)} has changed since the model was found: wait until all its files are in place`,
      );
    },
  };
}

function contentOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new ForebayError('model_load_failed', `cannot read ${basename(path)}: ${messageOf(cause)}`, {
      cause,
    });
  }
}
