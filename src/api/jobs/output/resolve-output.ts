/** Resolves the folder of a job's output, and creates it. check-output.ts checks what the folder holds. */
import { access, constants, mkdir, realpath, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isInside } from '../../../shared/files/is-inside.ts';
import { ForebayError } from '../../../shared/errors.ts';
import { tenantFolder } from '../../../shared/files/tenant-folder.ts';
import { outputProblem, wrongOutput } from './check-output.ts';

export interface OutputResolver {
  /**
   * The absolute folder. `asked`: null for the default one. Rejects with ForebayError `path_not_allowed`,
   * `invalid_request`.
   */
  resolve(asked: string | null, jobId: string, tenant: string): Promise<string>;
}

export function createOutputResolver(deps: {
  outputRoots: readonly string[];
  resultsDir: string;
}): OutputResolver {
  return {
    async resolve(asked, jobId, tenant) {
      if (asked?.includes('\0') === true) throw wrongOutput('holds a NUL character');
      const resultsDir = tenantFolder(deps.resultsDir, tenant);
      const outputRoots = deps.outputRoots.map((root) => tenantFolder(root, tenant));
      const folder = asked === null ? join(resultsDir, jobId) : resolve(outputRoots[0]!, asked);
      const real = await realpathOfNearest(folder);
      if (Buffer.byteLength(real) > MAX_PATH_BYTES) {
        throw wrongOutput(
          `is too long: its path has ${Buffer.byteLength(real)} bytes, and at most ${MAX_PATH_BYTES} are allowed`,
        );
      }
      const roots = await Promise.all([...outputRoots, resultsDir].map(realpathOfNearest));
      if (roots.some((root) => isInside(root, real))) return real;
      throw new ForebayError(
        'path_not_allowed',
        `The output "${asked}" is outside the folders that jobs may write to: ${outputRoots.join(', ')}. ` +
          'Choose one below them, or have the operator add a folder to FOREBAY_OUTPUT_ROOTS.',
      );
    },
  };
}

/** Linux allows 4,096. The rest is reserved for file names in the folder and in its staging folder. */
const MAX_PATH_BYTES = 3_800;

/**
 * Creates an output folder unless it exists, and checks that it is writable. Returns a function that removes
 * the folders that it created. Rejects with ForebayError `invalid_request` (not the name of a folder),
 * `storage_unavailable`.
 */
export async function makeOutputFolder(folder: string): Promise<() => Promise<void>> {
  try {
    const first = await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK | constants.X_OK);
    return async () => removeEmpty(folder, first);
  } catch (error) {
    throw outputProblem(folder, error);
  }
}

/** Removes `folder` and its parents up to `first`, if they are empty. */
async function removeEmpty(folder: string, first: string | undefined): Promise<void> {
  if (first === undefined) return;
  try {
    for (let path = folder; isInside(first, path); path = dirname(path)) await rmdir(path);
  } catch {
    // A folder is no longer empty, because another job has started there.
  }
}

/** The real path of a folder that may not exist yet. Links in the part that exists are resolved. */
async function realpathOfNearest(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(await realpathOfNearest(parent), path.slice(parent.length));
  }
}
