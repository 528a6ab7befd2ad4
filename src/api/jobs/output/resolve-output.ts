/** Resolves the output of a job. check-output.ts checks what the folder holds. */
import { realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isInside } from '../../../shared/files/is-inside.ts';
import { ForebayError } from '../../../shared/errors.ts';
import { tenantFolder } from '../../../shared/files/tenant-folder.ts';
import { wrongOutput } from '../../../shared/storage/folder/folder-problem.ts';
import type { Output, Outputs } from '../../../shared/storage/output.ts';

export interface OutputResolver {
  /**
   * `asked`: null for the default one. Rejects with ForebayError `path_not_allowed`,
   * `invalid_request`.
   */
  resolve(asked: string | null, jobId: string, tenant: string): Promise<Output>;
}

export function createOutputResolver(deps: {
  outputRoots: readonly string[];
  resultsDir: string;
  outputs: Outputs;
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
      if (roots.some((root) => isInside(root, real))) return deps.outputs.of(real);
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

/** The real path of a folder that may not exist yet. Links in the part that exists are resolved. */
async function realpathOfNearest(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(await realpathOfNearest(parent), path.slice(parent.length));
  }
}
