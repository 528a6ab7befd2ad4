/**
 * Where models come from: folders on this machine, and prefixes of object stores, whose files are copied into a cache
 * folder.
 */
import { join } from 'node:path';
import type { ForebayError } from '../../errors.ts';
import { isObjectUrl } from '../../stores/object-url.ts';
import type { Stores } from '../../stores/stores.ts';
import { findModelDirs, type ModelDir } from '../model-dirs.ts';
import { createCopies } from './copies.ts';
import { createStoredModels, type StoredModels } from './stored-models.ts';

export interface PlacedModels {
  /** Folders on this machine that may hold a model. */
  readonly dirs: readonly PlacedDir[];
  /** Models that cannot be copied to this machine. */
  readonly problems: readonly { readonly url: string; readonly error: ForebayError }[];
  /** The folder of all versions of a model, as far as it is on this machine. It may hold aliases. Null: no aliases. */
  readonly aliasesDir: (name: string) => string | null;
}

export interface PlacedDir extends ModelDir {
  /** Set for a copy: the folder that it was copied from. */
  readonly url?: string;
  /** Why this may not be the current version. */
  readonly note?: string;
}

export interface ModelPlaces {
  /**
   * The models of an entry of FOREBAY_MODELS_DIR: a folder of model folders, or one model folder. Copies what is not on
   * this machine yet. Throws node:fs's error if a local folder cannot be read, and ForebayErrors for object stores:
   * `model_not_found` (nothing is there), `storage_unavailable` and `invalid_model_config`.
   */
  find(entry: string): Promise<PlacedModels>;
  /**
   * Whether something may have changed in an object store, without a copy: a key by URL. Null for a folder on this
   * machine.
   */
  look(entry: string): Promise<ReadonlyMap<string, string> | null>;
  /** Keeps copies that are in use. Ignores folders that are no copies. */
  keep(dirs: readonly string[]): Promise<void>;
}

/** Knows folders on this machine only. */
export const LOCAL_PLACES: ModelPlaces = {
  async find(entry) {
    return { dirs: await findModelDirs(entry), problems: [], aliasesDir: (name) => join(entry, name) };
  },
  look: async () => null,
  keep: async () => {},
};

export interface ModelPlacesOptions {
  readonly stores: Pick<Stores, 'listing'>;
  readonly cacheDir: string;
  /** Bytes of all copies. */
  readonly modelCacheBytes: number;
  /** How often a store is asked for changes, ms. */
  readonly lookMs?: number;
}

/** An operator pays for each listing. */
const LOOK_MS = 5_000;

export function createModelPlaces(options: ModelPlacesOptions): ModelPlaces {
  const { stores, lookMs = LOOK_MS } = options;
  const root = join(options.cacheDir, 'models');
  const copies = createCopies({ root, maxBytes: options.modelCacheBytes });
  const entries = new Map<string, StoredModels>();

  function storedAt(entry: string): StoredModels {
    const known = entries.get(entry);
    if (known !== undefined) return known;
    const made = createStoredModels({ url: entry, stores, copies, root, lookMs });
    entries.set(entry, made);
    return made;
  }

  return {
    find: async (entry) => (isObjectUrl(entry) ? storedAt(entry).find() : LOCAL_PLACES.find(entry)),
    look: async (entry) => (isObjectUrl(entry) ? storedAt(entry).look() : null),
    keep: copies.keep,
  };
}
