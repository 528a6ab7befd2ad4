/** The models folder that a command changes. Folders come and go by a rename, so no service sees half of one. */
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readConfig } from '../../shared/config/config.ts';
import { isObjectUrl, parseObjectUrl, schemeOf, type ObjectScheme } from '../../shared/stores/object-url.ts';
import type { CliContext } from '../context.ts';
import { UsageError } from '../exit-codes.ts';
import { toSettings, type ServiceFlags } from '../options/service-flags.ts';

export interface FolderFlags extends ServiceFlags {
  readonly models?: readonly string[];
}

/** How to copy a model there. */
const COPY: Readonly<Record<ObjectScheme, (dir: string) => string>> = {
  s3: (dir) => `aws s3 cp --recursive FOLDER ${dir}NAME/`,
  az: (dir) => {
    const { bucket, key } = parseObjectUrl(dir);
    return `az storage blob upload-batch --source FOLDER --destination ${bucket} --destination-path ${key}NAME`;
  },
};

/** Absolute. */
export function modelsFolder(flags: FolderFlags, { env, cwd }: Pick<CliContext, 'env' | 'cwd'>): string {
  const { modelsDirs } = readConfig({ ...env, ...toSettings(flags) }, cwd);
  const [dir] = modelsDirs;
  if (dir !== undefined && isObjectUrl(dir)) {
    throw new UsageError(
      `${dir} is a prefix, not a folder: change models there with the tool of the store, for example: ${COPY[schemeOf(dir)](dir)}`,
    );
  }
  if (dir !== undefined && modelsDirs.length === 1) return dir;
  throw new UsageError(`name only one models folder with --models, not several: ${modelsDirs.join(', ')}`);
}

/** A folder in the models folder that no service looks into. It is deleted afterwards. */
export async function withHiddenFolder<T>(modelsDir: string, use: (dir: string) => Promise<T>): Promise<T> {
  const dir = join(modelsDir, `.forebay-${randomUUID()}`);
  await mkdir(dir, { recursive: true });
  try {
    return await use(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
