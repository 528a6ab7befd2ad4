/** One model of this worker and where it stands: loading, serving, failed. What the heartbeat and the log say of it. */
import { batchAdvice } from '../../shared/domain/batch-invariance.ts';
import { InvariantError, type ForebayError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/observe/logger.ts';
import type { ModelSizing, ServedModel as Announced } from '../../shared/queue/worker-registry.ts';
import type { ModelInfo } from '../lane/messages.ts';
import type { FoundModel } from './find-models.ts';

/** `replaced`: lanes still hold it, but its files are gone or others now. It cannot be loaded again. */
export type ModelState =
  | { readonly is: 'loading' }
  | { readonly is: 'serving' | 'replaced'; readonly info: ModelInfo; readonly sizing: ModelSizing }
  | { readonly is: 'failed'; readonly error: ForebayError };

export interface ServedModel {
  readonly queue: string;
  readonly found: FoundModel;
  readonly state: ModelState;
  /** When a block of it was last in hand, ms, monotonic. */
  lastUsed: number;
}

const ALLOWED: Readonly<Record<ModelState['is'], readonly ModelState['is'][]>> = {
  loading: ['serving', 'replaced', 'failed'],
  serving: ['replaced', 'failed'],
  replaced: ['serving'],
  failed: ['loading'],
};

export function moved(model: ServedModel, to: ModelState): ServedModel {
  if (!ALLOWED[model.state.is].includes(to.is))
    throw new InvariantError(
      `model "${model.found.folder.ref.name}" went from ${model.state.is} to ${to.is}`,
    );
  return { ...model, state: to };
}

export function isServed({ state }: ServedModel): boolean {
  return state.is === 'serving' || state.is === 'replaced';
}

/** For the heartbeat. */
export function announced(
  { found, state }: ServedModel,
  facts: { readonly lanes: number; readonly tunedAt: string | null; readonly replaces: readonly string[] },
): Announced {
  const served = state.is === 'serving' || state.is === 'replaced' ? state : null;
  const info = served?.info;
  const memory = info?.memory ?? null;
  return {
    ref: found.folder.ref,
    lanes: served === null ? 0 : facts.lanes,
    batchSize: served?.sizing.batch.value ?? 0,
    tunedAt: facts.tunedAt,
    problem: state.is === 'failed' ? { code: state.error.code, message: state.error.message } : null,
    isLoading: state.is === 'loading',
    replaces: facts.replaces,
    graph: info ? { input: info.input, output: info.output, fixed_batch: info.fixedBatch } : null,
    batchInvariance: info?.batchInvariance ?? null,
    memory: memory && { modelBytes: memory.weightsBytes, batchBytes: memory.activationBytes },
    ...(served && { sizing: served.sizing }),
  };
}

/** What there is to know about a model that has just been loaded. */
export function logLoaded(
  log: Logger,
  { found }: ServedModel,
  {
    info,
    sizing,
    lanes,
    tunedAt,
  }: { info: ModelInfo; sizing: ModelSizing; lanes: number; tunedAt: string | null },
): void {
  const { name, hash } = found.folder.ref;
  log.info(
    {
      model: name,
      hash: hash.slice(0, 12),
      lanes,
      batch_size: sizing.batch.value,
      ...(tunedAt !== null && { tuned_at: tunedAt }),
      load_ms: Math.round(info.loadMs),
    },
    'model resident',
  );
  const advice = info.batchInvariance && batchAdvice(name, info.batchInvariance);
  // The command line warns of it, before a job.
  if (advice) log.info({ model: name, ...info.batchInvariance }, advice);
  const { mode, jpeg } = info.decoder;
  if (mode === 'fast' && jpeg !== 'turbo-native') {
    log.warn(
      { model: name, jpeg },
      jpeg === 'sharp'
        ? 'decode is "fast", but with icc "convert" or auto_orient JPEGs are decoded by sharp'
        : 'decode is "fast", but @julusian/jpeg-turbo is not installed: JPEGs are decoded as with "exact"',
    );
  }
}
