/** Resolves the output of a job. check-output.ts checks what the folder holds. */
import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { isInside } from '../../../shared/files/is-inside.ts';
import { ForebayError } from '../../../shared/errors.ts';
import { tenantPrefix } from '../../../shared/stores/object-roots.ts';
import { isObjectUrl, objectFolder, parseObjectUrl } from '../../../shared/stores/object-url.ts';
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
  /** See object-roots.ts. */
  objectOutputRoots?: readonly string[];
  resultsDir: string;
  outputs: Outputs;
}): OutputResolver {
  const { objectOutputRoots = [] } = deps;
  /** If no root is a folder: where jobs without an output of their own write, and where relative outputs begin. */
  const firstPrefix = deps.outputRoots.length === 0 ? objectOutputRoots[0] : undefined;

  function resolveObject(asked: string, tenant: string): Output {
    const url = objectFolder(asked);
    if (parseObjectUrl(url).key.split('/').slice(0, -1).includes('')) {
      // Servers on top of a file system read `//` as `/`, so two jobs could have one output under two names.
      throw wrongOutput(`"${asked}" has an empty part between two slashes`);
    }
    const roots = objectOutputRoots.map((root) => tenantPrefix(root, tenant));
    if (roots.some((root) => url.startsWith(root))) return deps.outputs.of(url);
    throw new ForebayError(
      'path_not_allowed',
      `The output "${asked}" is outside the prefixes that jobs may write to: ${roots.join(', ') || '(none)'}. ` +
        'Choose one below them, or have the operator add a prefix to FOREBAY_OUTPUT_ROOTS.',
    );
  }

  return {
    async resolve(asked, jobId, tenant) {
      if (asked?.includes('\0') === true) throw wrongOutput('holds a NUL character');
      if (asked !== null && isObjectUrl(asked)) return resolveObject(asked, tenant);
      if (asked !== null && /^[a-z][a-z0-9+.-]*:\/\//i.test(asked)) {
        throw wrongOutput(`"${asked}" is neither a folder nor s3://BUCKET/PREFIX or az://CONTAINER/PREFIX`);
      }
      if (firstPrefix !== undefined && !(asked !== null && isAbsolute(asked))) {
        return resolveObject(tenantPrefix(firstPrefix, tenant) + (asked ?? jobId), tenant);
      }
      const resultsDir = tenantFolder(deps.resultsDir, tenant);
      const outputRoots = deps.outputRoots.map((root) => tenantFolder(root, tenant));
      const folder = asked === null ? join(resultsDir, jobId) : resolve(outputRoots[0] ?? '/', asked);
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
