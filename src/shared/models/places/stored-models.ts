/** The models below one prefix of an object store: what a listing shows, and their copies on this machine. */
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { ForebayError, messageOf } from '../../errors.ts';
import { ALIASES_FILE } from '../aliases.ts';
import type { Stores } from '../../stores/stores.ts';
import type { Copies } from './copies.ts';
import { createLastListing } from './last-listing.ts';
import type { PlacedDir, PlacedModels } from './model-places.ts';
import { readListing, type StoredFolder, type StoredListing } from './stored-folder.ts';

export interface StoredModels {
  find(): Promise<PlacedModels>;
  look(): Promise<ReadonlyMap<string, string>>;
}

export interface StoredModelsOptions {
  /** Ends with `/`. */
  readonly url: string;
  readonly stores: Pick<Stores, 'listing'>;
  readonly copies: Copies;
  /** Keeps the last listing, for a start while the store cannot be reached. */
  readonly root: string;
  readonly lookMs: number;
}

interface Placed {
  /** Path in a view. */
  readonly link: string;
  /** The copy. */
  readonly target: string;
  /** Null: only aliases. */
  readonly model: Omit<PlacedDir, 'dir'> | null;
}

/** The models folder in a view. */
const MODELS = 'models';
const NEVER = new AbortController().signal;
/** If a store does not answer within this time, callers get what is already known. */
const PATIENCE_MS = 2_000;
/** How often a copy that failed is tried again. */
const RETRY_MS = 15_000;
/** If the listing still changes after this many looks, the earlier listing stays until the next one. */
const SETTLING_LOOKS = 10;

export function createStoredModels(options: StoredModelsOptions): StoredModels {
  const { url, copies, lookMs } = options;
  const saved = createLastListing(options);
  let listing: StoredListing | null = null;
  /** Why the listing may be outdated, or why there is none. */
  let trouble: ForebayError | null = null;
  let lookedAt = -Infinity;
  let looking: Promise<void> | null = null;
  /** The last version of each folder that was copied, by URL. */
  const copied = new Map<string, StoredFolder>();
  /** When a copy failed for a temporary reason. Null: none did. */
  let failedAt: number | null = null;

  async function list(): Promise<StoredListing> {
    const store = await options.stores.listing(url);
    return readListing(url, store.list(url, null, NEVER));
  }

  /** A change counts when two consecutive listings agree on it. Before that, files may still be being uploaded. */
  async function settled(): Promise<StoredListing> {
    let now = await list();
    for (let looks = 0; listing !== null && now.key !== listing.key; looks++) {
      if (looks === SETTLING_LOOKS) return listing;
      await delay(Math.min(1_000, lookMs), undefined, { ref: false });
      const next = await list();
      if (next.key === now.key) return next;
      now = next;
    }
    return now;
  }

  async function lookNow(): Promise<void> {
    try {
      const now = await settled();
      if (now.key !== listing?.key) await saved.write(now);
      listing = now;
      trouble = null;
    } catch (error) {
      trouble = listingError(url, error);
      listing ??= trouble.retryable ? await saved.read() : null;
    }
    lookedAt = performance.now();
  }

  async function refreshed(patienceMs: number): Promise<void> {
    if (looking === null && performance.now() - lookedAt < lookMs) return;
    looking ??= lookNow().finally(() => (looking = null));
    if (listing === null && trouble === null) return looking;
    await Promise.race([looking, delay(patienceMs, undefined, { ref: false })]);
  }

  /** Where a folder is in a view. The names around a single model are in its path. */
  function linkOf(folder: StoredFolder): string {
    return folder.url === url ? folder.path : join(MODELS, folder.url.slice(url.length, -1));
  }

  async function place(folder: StoredFolder, isModel: boolean, onFailed: () => void): Promise<Placed> {
    const { dir, ...about } = await copyOf(folder, onFailed);
    const link = linkOf(folder);
    if (isModel) return { link, target: dir, model: about };
    return { link: join(link, ALIASES_FILE), target: join(dir, ALIASES_FILE), model: null };
  }

  async function copyOf(folder: StoredFolder, onFailed: () => void): Promise<PlacedDir> {
    const about = { place: folder.place, url: folder.url };
    const outdated = trouble === null ? {} : { note: staleNote(trouble) };
    try {
      const dir = await copies.copy(folder, await options.stores.listing(url));
      copied.set(folder.url, folder);
      return { ...about, dir, ...outdated };
    } catch (error) {
      if (error instanceof ForebayError && error.retryable) onFailed();
      const before = copied.get(folder.url);
      const dir = before === undefined ? null : await copies.find(before);
      if (dir === null || !(error instanceof ForebayError)) throw error;
      return { ...about, dir, note: staleNote(error) };
    }
  }

  return {
    async find() {
      await refreshed(PATIENCE_MS);
      if (listing === null) throw trouble!;
      const { models, aliases } = listing;
      if (models.length === 0) {
        throw new ForebayError('model_not_found', `there is no model below ${url}`);
      }
      const folders = [...models, ...aliases];
      let failed = 0;
      const outcomes = await Promise.allSettled(
        folders.map(async (folder, i) => place(folder, i < models.length, () => (failed += 1))),
      );
      failedAt = failed > 0 ? (failedAt ?? performance.now()) : null;
      const problems = outcomes.flatMap((outcome, i) => {
        if (outcome.status === 'fulfilled') return [];
        if (!(outcome.reason instanceof ForebayError)) throw outcome.reason;
        return [{ url: folders[i]!.url, error: outcome.reason }];
      });
      const placed = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      const view = await copies.view(new Map(placed.map(({ link, target }) => [link, target])));
      const dirs = placed.flatMap(({ link, model }) =>
        model === null ? [] : [{ ...model, dir: join(view, link) }],
      );
      return { dirs, problems, aliasesDir: (name) => join(view, MODELS, name) };
    },
    async look() {
      await refreshed(0);
      if (listing === null) return new Map([[url, trouble!.code]]);
      const tries = failedAt === null ? 0 : Math.ceil((performance.now() - failedAt) / RETRY_MS);
      const keys = [...listing.models, ...listing.aliases].map(
        (one) => [one.url, `${one.key} ${tries}`] as const,
      );
      return new Map(keys);
    },
  };
}

function staleNote(error: ForebayError): string {
  return `this is the last copy on this machine, and may be outdated: ${error.message}`;
}

function listingError(url: string, error: unknown): ForebayError {
  if (error instanceof ForebayError && error.code === 'invalid_model_config') return error;
  const isTemporary = error instanceof ForebayError && error.retryable;
  return new ForebayError(
    isTemporary ? 'storage_unavailable' : 'invalid_model_config',
    `The models below ${url} cannot be listed: ${messageOf(error)}.`,
    { cause: error },
  );
}
