/**
 * One model of this worker and its state.
 *
 * - `loading`: it is in a trial, or is being loaded into lanes.
 * - `serving`: lanes hold it, and its files are those that were loaded.
 * - `replaced`: lanes still hold it, but its files have changed or are gone. It cannot be loaded again.
 * - `unloaded`: no lane holds it, but its files are known. It is loaded when a block waits for it.
 * - `failed`: it could not be loaded, or no lane can load it again.
 */
import { autoBatchSize } from '../../shared/tasks/auto-batch.ts';
import { InvariantError, type ForebayError } from '../../shared/errors.ts';
import type {
  ModelSizing,
  ServedModel as AnnouncedModel,
} from '../../shared/queue/workers/worker-registry.ts';
import type { ModelInfo } from '../lane/messages.ts';
import type { PooledModel } from '../lane-pool/pooled-model.ts';
import type { FoundModel } from './find-models.ts';

export interface LoadedModel {
  readonly info: ModelInfo;
  readonly sizing: ModelSizing;
}

export type ModelState =
  | { readonly is: 'loading' }
  | (LoadedModel & { readonly is: 'serving' | 'replaced' })
  | {
      readonly is: 'unloaded';
      /** What was known when lanes held it. Null: it was never loaded. */
      readonly last: LoadedModel | null;
      /** Why it is not loaded although a block waits for it. */
      readonly waitsBecause: string | null;
    }
  | { readonly is: 'failed'; readonly error: ForebayError };

export interface ServedModel {
  readonly queue: string;
  /** As it was last found. Its files may have been written again since lanes loaded them. */
  readonly found: FoundModel;
  /** The `filesKey` with which the last load began. Null: none has begun. */
  readonly loadedFrom: string | null;
  /** How lanes hold it, or would hold it. */
  readonly resident: PooledModel;
  readonly state: ModelState;
  /** When it was loaded, or last used by a block or a sample. Monotonic milliseconds. */
  lastUsed: number;
  /** The model leaves the lanes when nothing has used it for this long, in ms. Infinity: it may stay idle for ever. */
  keepMs: number;
}

/** In state `unloaded`. */
export function newModel(queue: string, found: FoundModel, resident: PooledModel): ServedModel {
  const state = { is: 'unloaded', last: null, waitsBecause: null } as const;
  const lastUsed = performance.now();
  return { queue, found, loadedFrom: null, resident, state, lastUsed, keepMs: keepMsOf(found) };
}

/** Allowed in state `unloaded`, and in state `failed` for another try. */
export function toLoading(model: ServedModel): ServedModel {
  if (model.state.is !== 'unloaded' && model.state.is !== 'failed') throw wrongMove(model, 'loading');
  const { found } = model;
  return { ...model, state: { is: 'loading' }, loadedFrom: found.filesKey, keepMs: keepMsOf(found) };
}

/** Allowed in state `loading`. `onDisk`: its files still exist and have not changed. */
export function toLoaded(model: ServedModel, loaded: LoadedModel, onDisk: boolean): ServedModel {
  if (model.state.is !== 'loading') throw wrongMove(model, 'loaded');
  return { ...model, state: { ...loaded, is: onDisk ? 'serving' : 'replaced' }, lastUsed: performance.now() };
}

/** Allowed in state `serving`. A replaced model could not be loaded again. */
export function toUnloaded(model: ServedModel): ServedModel {
  const { state } = model;
  if (state.is !== 'serving') throw wrongMove(model, 'unloaded');
  const last = { info: state.info, sizing: state.sizing };
  return { ...model, state: { is: 'unloaded', last, waitsBecause: null } };
}

/** Allowed in state `unloaded`. */
export function toWaiting(model: ServedModel, waitsBecause: string | null): ServedModel {
  if (model.state.is !== 'unloaded') throw wrongMove(model, 'waiting');
  return { ...model, state: { ...model.state, waitsBecause } };
}

/** Allowed in state `unloaded`, when its files were read again and have the same hash. */
export function toRead(model: ServedModel, found: FoundModel, resident: PooledModel): ServedModel {
  if (model.state.is !== 'unloaded') throw wrongMove(model, 'read again');
  return { ...model, found, resident };
}

/** Allowed in states `loading` and `serving`, when its files were read again and have the same hash. */
export function toSeen(model: ServedModel, found: FoundModel): ServedModel {
  if (model.state.is !== 'loading' && model.state.is !== 'serving') throw wrongMove(model, 'seen again');
  return { ...model, found };
}

/** Whether its files may have been written since its last load began, so that another load may end differently. */
export function isWorthLoading({ found, loadedFrom }: ServedModel): boolean {
  return found.filesKey !== loadedFrom;
}

/** Allowed in state `serving`. */
export function toReplaced(model: ServedModel): ServedModel {
  if (model.state.is !== 'serving') throw wrongMove(model, 'replaced');
  return { ...model, state: { ...model.state, is: 'replaced' } };
}

/** Allowed in state `replaced`, when files with the same hash exist again. */
export function toRestored(model: ServedModel, found: FoundModel): ServedModel {
  if (model.state.is !== 'replaced') throw wrongMove(model, 'restored');
  return { ...model, found, state: { ...model.state, is: 'serving' } };
}

/** Allowed in states `loading` and `serving`. */
export function toFailed(model: ServedModel, error: ForebayError): ServedModel {
  if (model.state.is !== 'loading' && model.state.is !== 'serving') throw wrongMove(model, 'failed');
  return { ...model, state: { is: 'failed', error } };
}

function wrongMove({ found, state }: ServedModel, to: string): InvariantError {
  return new InvariantError(`model "${found.folder.ref.name}" went from ${state.is} to ${to}`);
}

/** Whether it stays in the lanes, however long it is idle and whoever needs its memory. */
export function isPinned({ found }: Pick<ServedModel, 'found'>): boolean {
  return found.folder.config.keep_alive_s === PINNED;
}

const PINNED = -1;

/** A pipeline of a job's request leaves the lanes soon, because other jobs rarely need the same one. */
const KEEP_INLINE_MS = 60_000;

/** How long the config keeps an idle model in the lanes, in ms. */
export function keepMsOf({ folder }: FoundModel): number {
  const { keep_alive_s: seconds } = folder.config;
  if (folder.inline && seconds === undefined) return KEEP_INLINE_MS;
  return seconds === undefined || seconds === PINNED ? Infinity : seconds * 1000;
}

/** Null if lanes do not hold it. */
export function loadedOf({ state }: ServedModel): LoadedModel | null {
  return state.is === 'serving' || state.is === 'replaced' ? state : null;
}

/**
 * What is known from its last load, even if no lane holds it any more. Null if it was never loaded, is loading, or
 * failed.
 */
export function lastLoadedOf(model: ServedModel): LoadedModel | null {
  return model.state.is === 'unloaded' ? model.state.last : loadedOf(model);
}

/** The model as the heartbeat reports it. */
export function announced(
  model: ServedModel,
  facts: Pick<AnnouncedModel, 'slowCode'> & {
    readonly lanes: number;
    readonly tunedAt: string | null;
    readonly replaces: readonly string[];
  },
): AnnouncedModel {
  const { found, state } = model;
  const isUnloaded = state.is === 'unloaded';
  const loaded = lastLoadedOf(model);
  const info = loaded?.info;
  const memory = info?.memory ?? null;
  return {
    ref: found.folder.ref,
    version: found.folder.version,
    config: found.folder.config,
    ...(found.folder.inline && { inline: true }),
    lanes: loadedOf(model) === null ? 0 : facts.lanes,
    batchSize: loaded?.sizing.batch.value ?? (isUnloaded ? autoBatchSize(found.folder.config) : 0),
    tunedAt: facts.tunedAt,
    problem: state.is === 'failed' ? { code: state.error.code, message: state.error.message } : null,
    isLoading: state.is === 'loading',
    isUnloaded,
    waitsBecause: isUnloaded ? state.waitsBecause : null,
    replaces: facts.replaces,
    graph: info ? { inputs: info.inputs, outputs: info.outputs, fixed_batch: info.fixedBatch } : null,
    ...(info && { providers: info.providers }),
    batchInvariance: info?.batchInvariance ?? null,
    memory: memory && { modelBytes: memory.weightsBytes, batchBytes: memory.activationBytes },
    ...(loaded && { sizing: loaded.sizing }),
    ...(facts.slowCode && { slowCode: facts.slowCode }),
  };
}
