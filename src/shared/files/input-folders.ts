/**
 * The single rule for where local rows of a tenant may be: under an input root, outside the data folder, and outside the
 * results of other tenants. The API checks paths, the walk checks folders, and a lane checks the file that it opened.
 */
import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DEFAULT_TENANT } from '../domain/tenant.ts';
import { isInside } from './is-inside.ts';

/** Absolute folders. They may contain links, and may not exist yet. */
export interface InputFolders {
  readonly inputRoots: readonly string[];
  /** Holds files of Redis, spools and results. Absent if there is none. */
  readonly dataDir?: string;
  /** Holds bodies of online requests. */
  readonly onlineDir?: string | undefined;
  /** Every folder for results, including the default one. */
  readonly outputRoots?: readonly string[];
}

/** Whether a real path may be read, and if not, why. */
export type InputVerdict = 'allowed' | 'outside' | 'data_folder' | 'not_yours';

export type InputRule = (real: string, tenant: string) => InputVerdict;

/**
 * The deepest folder that contains a path decides. So an input root inside an output root is open to all tenants. A
 * data folder inside an input root is closed to all. Of two equally deep folders, the one that forbids wins. The default
 * tenant is the operator, who may read all results.
 */
export function createInputRule({
  inputRoots,
  dataDir,
  onlineDir,
  outputRoots = [],
}: InputFolders): InputRule {
  const own = [dataDir, onlineDir].filter((folder) => folder !== undefined);
  /** Real paths of existing folders. A folder that does not exist yet is looked up each time. */
  const known = new Map<string, string>();

  function realOf(folder: string): string {
    let real = known.get(folder);
    if (real === undefined) {
      try {
        real = realpathSync.native(folder);
        known.set(folder, real);
      } catch {
        const parent = dirname(folder);
        return parent === folder ? folder : join(realOf(parent), basename(folder));
      }
    }
    return real;
  }

  return (real, tenant) => {
    const holds = (folder: string) => isInside(folder, real);
    const roots = inputRoots.map(realOf).filter(holds);
    if (roots.length === 0) return 'outside';
    const results = outputRoots.map(realOf);
    const open = tenant === DEFAULT_TENANT ? results : results.map((root) => join(root, tenant));
    const deepest = (folders: readonly string[]) =>
      Math.max(-1, ...folders.filter(holds).map((folder) => folder.length));
    const allowed = deepest([...roots, ...open]);
    const data = deepest(own.map(realOf));
    const foreign = tenant === DEFAULT_TENANT ? -1 : deepest(results);
    if (allowed > data && allowed > foreign) return 'allowed';
    return foreign > data ? 'not_yours' : 'data_folder';
  };
}

/** The verdict in words for an error. Null if the path is allowed. */
export function whyRefused(verdict: InputVerdict): string | null {
  switch (verdict) {
    case 'allowed':
      return null;
    case 'outside':
      return 'is not under an input root';
    case 'data_folder':
      return "is inside Forebay's data folder, which is never an input";
    case 'not_yours':
      return 'is among the results of other tenants. Only your own results can be an input';
  }
}
