/**
 * The models that this worker serves: found on disk, tried, made resident in lanes, each with its queue. They load
 * independently of each other. What changes on disk while they are served is served in turn.
 */
import { autoBatchSize } from '../../shared/domain/auto-batch.ts';
import type { JobOptions } from '../../shared/domain/job.ts';
import type { ForebayError } from '../../shared/errors.ts';
import { loadModelFolder, type ModelFolder } from '../../shared/models/model-folder.ts';
import type { Logger } from '../../shared/observe/logger.ts';
import { blockQueueName } from '../../shared/queue/keys.ts';
import type { ServedModel as Announced } from '../../shared/queue/worker-registry.ts';
import type { BatchGroup } from '../intake/batcher.ts';
import type { LanePool } from '../lane-pool/lane-pool.ts';
import type { LoadOutcome } from '../lane-pool/load-outcome.ts';
import type { PooledModel } from '../lane-pool/pooled-model.ts';
import type { LanePlan, Resources } from '../settings/resources.ts';
import type { WorkerPlan } from '../settings/tuned-settings.ts';
import type { FoundModel, FoundModels } from './find-models.ts';
import { lookAt, mayBeMapped } from './folder-look.ts';
import type { ModelTrials } from './model-trials.ts';
import { announced, isServed, logLoaded, moved, type ModelState, type ServedModel } from './served-model.ts';
import { sizeModel } from './size-model.ts';

/** A replaced version leaves the lanes when none of its blocks has been in hand for so long. */
const RETIRE_MS = 30_000;
/** Versions of a name that are remembered, so that jobs which need one hear that it was replaced. */
const REMEMBERED = 20;

export type ServedModels = ReturnType<typeof createServedModels>;

export interface ServedModelsDeps {
  pool: LanePool;
  trials: ModelTrials;
  plan: LanePlan;
  resources: Resources;
  tunedOf: WorkerPlan['tunedOf'];
  batchTimeoutS: number;
  cacheDir: string;
  /** A model's blocks can be taken from now on, or no longer. */
  onServed: (queue: string) => void;
  onGone: (queue: string) => void;
  /** Anything that the heartbeat says has changed. */
  onChange: () => void;
  log: Logger;
}

export function createServedModels(deps: ServedModelsDeps) {
  const { pool, log } = deps;
  /** By queue. */
  const models = new Map<string, ServedModel>();
  /** Hashes by name, in order of appearance. */
  const versions = new Map<string, string[]>();
  const loading = new Set<Promise<void>>();
  /** Messages by path. */
  const reported = new Map<string, string>();
  /** Queues of what lies on disk now. */
  let onDisk: ReadonlySet<string> = new Set();
  let stopped = false;

  function move(model: ServedModel, to: ModelState): ServedModel {
    const next = moved(model, to);
    models.set(model.queue, next);
    return next;
  }

  /** What lies on disk now, in place of what did before. */
  function sync({ models: found, problems }: FoundModels): void {
    for (const problem of problems) report(problem);
    onDisk = new Set(found.map(({ folder }) => blockQueueName(folder.ref)));
    for (const model of models.values()) if (!onDisk.has(model.queue)) leaveDisk(model);
    for (const one of found) appear(one, found.length > 1);
    deps.onChange();
  }

  /** Once: other changes bring it up again. */
  function report({ path, error }: FoundModels['problems'][number]): void {
    if (reported.get(path) === error.message) return;
    reported.set(path, error.message);
    log.error({ dir: path, code: error.code }, error.message);
  }

  function leaveDisk(model: ServedModel): void {
    const { ref, dir } = model.found.folder;
    if (model.state.is === 'failed') models.delete(model.queue);
    if (model.state.is !== 'serving') return;
    move(model, { ...model.state, is: 'replaced' });
    const text = 'files of the model have changed or gone: lanes go on with what they have loaded';
    log.warn({ model: ref.name, hash: ref.hash.slice(0, 12), dir }, text);
  }

  function appear(found: FoundModel, amongOthers: boolean): void {
    const { ref } = found.folder;
    const queue = blockQueueName(ref);
    const known = models.get(queue);
    if (known?.state.is === 'replaced') move({ ...known, found }, { ...known.state, is: 'serving' });
    const isSame = known?.state.is === 'failed' && known.found.look.key === found.look.key;
    if (known !== undefined && (known.state.is !== 'failed' || isSame)) return;
    remember(ref.name, ref.hash);
    const model: ServedModel = { queue, found, state: { is: 'loading' }, lastUsed: performance.now() };
    models.set(queue, model);
    const done = begin(model, amongOthers || models.size > 1).finally(() => {
      loading.delete(done);
      deps.onChange();
    });
    loading.add(done);
  }

  function remember(name: string, hash: string): void {
    const known = (versions.get(name) ?? []).filter((one) => one !== hash);
    versions.set(name, [...known, hash].slice(-REMEMBERED));
  }

  /** `tryFirst`: others are served beside it, which it must not hold up. */
  async function begin(model: ServedModel, tryFirst: boolean): Promise<void> {
    const resident = residentOf(model);
    let outcome = tryFirst ? await deps.trials.try(resident.load) : await pool.load(resident);
    if (outcome.ok && tryFirst && !stopped) outcome = await loadTried(resident, outcome);
    if (stopped) return;
    if (outcome.ok) serve(model, resident, outcome);
    else fail(model, outcome.error);
  }

  /** Found out in the trial: lanes need not probe. */
  async function loadTried(resident: PooledModel, trial: LoadOutcome & { ok: true }): Promise<LoadOutcome> {
    const { probe: _, ...load } = resident.load;
    const outcome = await pool.load({ ...resident, load });
    if (!outcome.ok) return outcome;
    const { batchInvariance, memory } = trial.info;
    return { ok: true, info: { ...outcome.info, batchInvariance, memory } };
  }

  function serve(model: ServedModel, { lanes }: PooledModel, { info }: LoadOutcome & { ok: true }): void {
    const { folder } = model.found;
    const tuned = deps.tunedOf(folder);
    const sizing = sizeModel({ folder, info, tuned, plan: deps.plan, resources: deps.resources });
    move(model, { is: onDisk.has(model.queue) ? 'serving' : 'replaced', info, sizing });
    logLoaded(log, model, { info, sizing, lanes, tunedAt: tuned?.measuredAt ?? null });
    deps.onServed(model.queue);
  }

  function fail(model: ServedModel, error: ForebayError): void {
    log.error({ model: model.found.folder.ref.name, code: error.code }, error.message);
    if (onDisk.has(model.queue)) move(model, { is: 'failed', error });
    else models.delete(model.queue);
  }

  /** No lane could load it again: its files have changed, or it does not come up any more. */
  function lose(queue: string, error: ForebayError): void {
    const model = models.get(queue);
    if (model === undefined || !isServed(model) || stopped) return;
    log.error(
      { model: model.found.folder.ref.name, code: error.code },
      `${error.message}: no lane serves it any more`,
    );
    if (model.state.is === 'replaced') models.delete(queue);
    else move(model, { is: 'failed', error });
    leaveLanes(queue);
    deps.onChange();
  }

  function leaveLanes(queue: string): void {
    deps.onGone(queue);
    pool.unload(queue);
  }

  function residentOf({ queue, found }: ServedModel): PooledModel {
    const { folder, look } = found;
    const { config, ref, dir, labels } = folder;
    const tuned = deps.tunedOf(folder);
    const wanted = config.lanes === 'auto' ? (tuned?.shape?.lanes ?? pool.size) : config.lanes;
    const threads = tuned?.shape?.threads ?? deps.plan.threads;
    return {
      lanes: Math.min(pool.size, wanted),
      timeoutMs: (config.batching.timeout_s ?? deps.batchTimeoutS) * 1000,
      unchanged: createUnchanged(folder, look.key),
      onLost: (why) => lose(queue, why),
      load: {
        model: queue,
        dir,
        config,
        labels,
        threads: config.threads_per_lane === 'auto' ? threads : config.threads_per_lane,
        cache: { dir: deps.cacheDir, hash: ref.hash },
        probe: { batchSize: autoBatchSize(config) },
        mapped: mayBeMapped(folder, look),
      },
    };
  }

  /** Takes replaced versions out of the lanes that nobody uses any more and that a newer one is served in place of. */
  function retire(inHand: ReadonlySet<string>): void {
    for (const model of models.values()) {
      if (inHand.has(model.queue)) model.lastUsed = performance.now();
      if (model.state.is !== 'replaced' || performance.now() - model.lastUsed < RETIRE_MS) continue;
      const { ref } = model.found.folder;
      const isFollowed = [...models.values()].some(
        (other) => other.state.is === 'serving' && other.found.folder.ref.name === ref.name,
      );
      if (!isFollowed) continue;
      log.info({ model: ref.name, hash: ref.hash.slice(0, 12) }, 'replaced model has left the lanes');
      models.delete(model.queue);
      leaveLanes(model.queue);
      deps.onChange();
    }
  }

  return {
    sync,
    retire,
    /** Settles when nothing is being loaded any more. */
    async settled(): Promise<void> {
      while (loading.size > 0) await Promise.all(loading);
    },
    /** Loads nothing more. */
    stop(): void {
      stopped = true;
      deps.trials.stop();
    },
    /** Whether any model is being served. */
    get servesAny(): boolean {
      return [...models.values()].some(isServed);
    },
    groupOf(queue: string, options: Pick<JobOptions, 'batch_size' | 'decode' | 'top_k'>): BatchGroup | null {
      const model = models.get(queue);
      if (model === undefined || model.state.is === 'loading' || model.state.is === 'failed') return null;
      const { config } = model.found.folder;
      return {
        model: queue,
        topK: options.top_k,
        // Settled, so that jobs that name the config's own way share batches with those that do not.
        decode: options.decode ?? config.preprocess.decode,
        batchSize: options.batch_size ?? model.state.sizing.batch.value,
        maxWaitMs: config.batching.max_wait_ms,
      };
    },
    /** For the heartbeat. */
    describe(): Announced[] {
      return [...models.values()].map((model) => {
        const { folder } = model.found;
        const known = versions.get(folder.ref.name) ?? [];
        return announced(model, {
          lanes: pool.lanesOf(model.queue),
          tunedAt: deps.tunedOf(folder)?.measuredAt ?? null,
          replaces: known.slice(0, known.indexOf(folder.ref.hash)),
        });
      });
    },
  };
}

/** By a look; where that has changed, by the hash of all that is there now. */
function createUnchanged({ dir, ref }: ModelFolder, lookKey: string): () => Promise<boolean> {
  let known = lookKey;
  return async () => {
    const { key } = await lookAt(dir);
    if (key === known) return true;
    const isSame = (await loadModelFolder(dir)).ref.hash === ref.hash;
    if (isSame) known = key;
    return isSame;
  };
}
