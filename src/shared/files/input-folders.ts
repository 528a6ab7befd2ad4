/**
 * The one rule of where a tenant's local rows may lie: under an input root, and neither in the data folder nor among
 * results of another tenant. The API asks it of paths, the walk of folders, a lane of what it has opened.
 */
import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DEFAULT_TENANT } from '../domain/tenant.ts';
import { isInside } from './is-inside.ts';

/** Absolute folders, links in them not resolved; they may not exist yet. */
export interface InputFolders {
  readonly inputRoots: readonly string[];
  /** Redis' files, spools, results; absent where there is none. */
  readonly dataDir?: string;
  /** Every folder that results go to, the default one included. */
  readonly outputRoots?: readonly string[];
}

/** Why a real path may not be read. */
export type InputVerdict = 'allowed' | 'outside' | 'data_folder' | 'not_yours';

export type InputRule = (real: string, tenant: string) => InputVerdict;

/**
 * The deepest place that holds a path decides, so that an input root inside an output root is open to all, and a
 * data folder inside an input root to none; of two equally deep ones, the one that closes. The default tenant is the
 * operator's own: all results are its.
 */
export function createInputRule({ inputRoots, dataDir, outputRoots = [] }: InputFolders): InputRule {
  /** A place that is made later is looked for each time. */
  const known = new Map<string, string>();

  function realOf(place: string): string {
    let real = known.get(place);
    if (real === undefined) {
      try {
        real = realpathSync.native(place);
        known.set(place, real);
      } catch {
        const above = dirname(place);
        return above === place ? place : join(realOf(above), basename(place));
      }
    }
    return real;
  }

  return (real, tenant) => {
    const holds = (place: string) => isInside(place, real);
    const roots = inputRoots.map(realOf).filter(holds);
    if (roots.length === 0) return 'outside';
    const results = outputRoots.map(realOf);
    const open = tenant === DEFAULT_TENANT ? results : results.map((root) => join(root, tenant));
    const deepest = (places: readonly string[]) => Math.max(-1, ...places.filter(holds).map((p) => p.length));
    const allowed = deepest([...roots, ...open]);
    const data = dataDir === undefined ? -1 : deepest([realOf(dataDir)]);
    const foreign = tenant === DEFAULT_TENANT ? -1 : deepest(results);
    if (allowed > data && allowed > foreign) return 'allowed';
    return foreign > data ? 'not_yours' : 'data_folder';
  };
}

/** The verdict in words, for an error; null where the path is allowed. */
export function whyRefused(verdict: InputVerdict): string | null {
  switch (verdict) {
    case 'allowed':
      return null;
    case 'outside':
      return 'is not under an input root';
    case 'data_folder':
      return "lies in Forebay's data folder, which is never an input";
    case 'not_yours':
      return 'lies where results of other tenants are kept; of results, only your own can be an input';
  }
}
