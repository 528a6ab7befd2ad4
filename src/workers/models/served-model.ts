/**
 * One model of this worker and its state.
 *
 * - `loading`: it is in a trial, or is being loaded into lanes.
 * - `serving`: lanes hold it, and its files are those that were loaded.
 * - `replaced`: lanes still hold it, but its files have changed or are gone. It cannot be loaded again.
 * - `failed`: it could not be loaded, or no lane can load it again.
 */
import { InvariantError, type ForebayError } from '../../shared/errors.ts';
import type {
  ModelSizing,
  ServedModel as AnnouncedModel,
} from '../../shared/queue/workers/worker-registry.ts';
import type { ModelInfo } from '../lane/messages.ts';
import type { FoundModel } from './find-models.ts';

export interface LoadedModel {
  readonly info: ModelInfo;
  readonly sizing: ModelSizing;
}

export type ModelState =
  | { readonly is: 'loading' }
  | (LoadedModel & { readonly is: 'serving' | 'replaced' })
  | { readonly is: 'failed'; readonly error: ForebayError };

export interface ServedModel {
  readonly queue: string;
  readonly found: FoundModel;
  readonly state: ModelState;
  /** When the worker last held one of its blocks. Monotonic milliseconds. */
  lastUsed: number;
}

export function loadingModel(queue: string, found: FoundModel): ServedModel {
  return { queue, found, state: { is: 'loading' }, lastUsed: performance.now() };
}

/** Allowed in state `loading`. `onDisk`: its files still exist. */
export function toLoaded(model: ServedModel, loaded: LoadedModel, onDisk: boolean): ServedModel {
  if (model.state.is !== 'loading') throw wrongMove(model, 'loaded');
  return { ...model, state: { ...loaded, is: onDisk ? 'serving' : 'replaced' } };
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

/** Null if lanes do not hold it. */
export function loadedOf({ state }: ServedModel): LoadedModel | null {
  return state.is === 'serving' || state.is === 'replaced' ? state : null;
}

/** The model as the heartbeat reports it. */
export function announced(
  model: ServedModel,
  facts: { readonly lanes: number; readonly tunedAt: string | null; readonly replaces: readonly string[] },
): AnnouncedModel {
  const { found, state } = model;
  const loaded = loadedOf(model);
  const info = loaded?.info;
  const memory = info?.memory ?? null;
  return {
    ref: found.folder.ref,
    version: found.folder.version,
    config: found.folder.config,
    lanes: loaded === null ? 0 : facts.lanes,
    batchSize: loaded?.sizing.batch.value ?? 0,
    tunedAt: facts.tunedAt,
    problem: state.is === 'failed' ? { code: state.error.code, message: state.error.message } : null,
    isLoading: state.is === 'loading',
    replaces: facts.replaces,
    graph: info ? { inputs: info.inputs, outputs: info.outputs, fixed_batch: info.fixedBatch } : null,
    ...(info && { providers: info.providers }),
    batchInvariance: info?.batchInvariance ?? null,
    memory: memory && { modelBytes: memory.weightsBytes, batchBytes: memory.activationBytes },
    ...(loaded && { sizing: loaded.sizing }),
  };
}
