/**
 * The models that this worker serves: found on disk, loaded into lanes, each with its queue. They load independently.
 * When files change on disk, the new version is loaded and served too.
 */
import { effectiveOptions } from '../../shared/tasks/option-values.ts';
import type { OptionValues } from '../../shared/tasks/task-description.ts';
import { taskOf } from '../../shared/tasks/task-descriptions.ts';
import type { ModelRef } from '../../shared/domain/model/model-config.ts';
import type { ForebayError } from '../../shared/errors.ts';
import type { ModelFolder } from '../../shared/models/model-folder.ts';
import { modelTitle } from '../../shared/models/version-name.ts';
import type { Emit } from '../../shared/observe/events.ts';
import { blockQueueName } from '../../shared/queue/keys.ts';
import type {
  ModelSizing,
  ServedModel as AnnouncedModel,
} from '../../shared/queue/workers/worker-registry.ts';
import { batchGroup, type BatchGroup } from '../intake/batch-group.ts';
import type { LanePool } from '../lane-pool/lane-pool.ts';
import type { TunedOf } from '../settings/tuned-settings.ts';
import type { FoundModel, FoundModels } from './find-models.ts';
import type { ModelLoader } from './model-loader.ts';
import { createModelVersions } from './model-versions.ts';
import { reportLoaded } from './report-loaded.ts';
import type { ResidentOf } from './resident-of.ts';
import {
  announced,
  loadedOf,
  loadingModel,
  toFailed,
  toLoaded,
  toReplaced,
  toRestored,
  type ServedModel,
} from './served-model.ts';
import type { SizingFacts } from './size-model.ts';

/** A replaced version leaves the lanes when the worker has held none of its blocks for this long. */
const RETIRE_MS = 30_000;

export type ServedModels = ReturnType<typeof createServedModels>;

/** The options of a job, or of a sample. */
type GroupOptions = { readonly batch_size: number | null } & OptionValues;

export interface ServedModelsDeps {
  pool: Pick<LanePool, 'lanesOf' | 'unload'>;
  residentOf: ResidentOf;
  loader: ModelLoader;
  sizeModel: (facts: SizingFacts) => ModelSizing;
  tunedOf: TunedOf;
  /** The model's blocks can be taken from now on. */
  onServed: (queue: string) => void;
  /** The model's blocks can no longer be taken. */
  onGone: (queue: string) => void;
  /** Something in the heartbeat has changed. */
  onChange: () => void;
  emit: Emit;
}

export function createServedModels(deps: ServedModelsDeps) {
  const { pool, tunedOf, emit } = deps;
  /** By queue. */
  const models = new Map<string, ServedModel>();
  const versions = createModelVersions();
  const loading = new Set<Promise<void>>();
  /** The last message that was reported for a path. */
  const reported = new Map<string, string>();
  /** Queues of the models that are on disk now. */
  let onDisk: ReadonlySet<string> = new Set();
  let stopped = false;

  function put(model: ServedModel): void {
    models.set(model.queue, model);
  }

  /** Compares the models with those that are on disk now: loads new ones, and marks missing ones as replaced. */
  function sync({ models: found, problems }: FoundModels): void {
    for (const problem of problems) report(problem);
    onDisk = new Set(found.map(({ folder }) => blockQueueName(folder.ref)));
    for (const model of models.values()) if (!onDisk.has(model.queue)) leaveDisk(model);
    for (const one of found) appear(one, found.length > 1);
    deps.onChange();
  }

  /** Reports each problem once, although every change on disk finds it again. */
  function report({ path, error }: FoundModels['problems'][number]): void {
    if (reported.get(path) === error.message) return;
    reported.set(path, error.message);
    emit('model.unreadable', { dir: path, code: error.code, message: error.message });
  }

  function leaveDisk(model: ServedModel): void {
    if (model.state.is === 'failed') models.delete(model.queue);
    if (model.state.is !== 'serving') return;
    put(toReplaced(model));
    const { ref, dir } = model.found.folder;
    emit('model.replaced', { ...versionOf(ref), dir });
  }

  function appear(found: FoundModel, amongOthers: boolean): void {
    const queue = blockQueueName(found.folder.ref);
    const known = models.get(queue);
    if (known?.state.is === 'replaced') put(toRestored(known, found));
    const failedAsItIs = known?.state.is === 'failed' && known.found.look.key === found.look.key;
    if (known !== undefined && (known.state.is !== 'failed' || failedAsItIs)) return;
    versions.remember(versioned(found.folder));
    const model = loadingModel(queue, found);
    put(model);
    const done = load(model, amongOthers || models.size > 1).finally(() => {
      loading.delete(done);
      deps.onChange();
    });
    loading.add(done);
  }

  async function load(model: ServedModel, tryFirst: boolean): Promise<void> {
    const resident = deps.residentOf(model.queue, model.found, (why) => lose(model.queue, why));
    const outcome = await deps.loader.load(resident, tryFirst);
    if (stopped) return;
    if (!outcome.ok) return fail(model, outcome.error);
    const { folder } = model.found;
    const tuned = tunedOf(folder);
    const sizing = deps.sizeModel({ folder, info: outcome.info, tuned });
    const loaded = { info: outcome.info, sizing };
    put(toLoaded(model, loaded, onDisk.has(model.queue)));
    reportLoaded(emit, versionOf(folder.ref), loaded, {
      lanes: resident.lanes,
      tunedAt: tuned?.measuredAt ?? null,
      notes: folder.notes,
    });
    deps.onServed(model.queue);
  }

  function fail(model: ServedModel, error: ForebayError): void {
    emit('model.failed', { model: nameOf(model), code: error.code, message: error.message });
    if (onDisk.has(model.queue)) put(toFailed(model, error));
    else models.delete(model.queue);
  }

  /** No lane can load it again, because its files have changed or loading fails. */
  function lose(queue: string, error: ForebayError): void {
    const model = models.get(queue);
    if (model === undefined || loadedOf(model) === null || stopped) return;
    emit('model.lost', { model: nameOf(model), code: error.code, message: error.message });
    if (model.state.is === 'replaced') models.delete(queue);
    else put(toFailed(model, error));
    leaveLanes(queue);
    deps.onChange();
  }

  function leaveLanes(queue: string): void {
    deps.onGone(queue);
    pool.unload(queue);
  }

  /** Removes replaced versions from the lanes once they are unused and a newer version is served. */
  function retire(queuesInHand: ReadonlySet<string>): void {
    for (const model of models.values()) {
      if (queuesInHand.has(model.queue)) model.lastUsed = performance.now();
      if (model.state.is !== 'replaced' || performance.now() - model.lastUsed < RETIRE_MS) continue;
      if (!isServing(nameOf(model))) continue;
      emit('model.retired', versionOf(model.found.folder.ref));
      models.delete(model.queue);
      leaveLanes(model.queue);
      deps.onChange();
    }
  }

  function isServing(name: string): boolean {
    return [...models.values()].some((model) => model.state.is === 'serving' && nameOf(model) === name);
  }

  function announce(model: ServedModel): AnnouncedModel {
    const { folder } = model.found;
    return announced(model, {
      lanes: pool.lanesOf(model.queue),
      tunedAt: tunedOf(folder)?.measuredAt ?? null,
      replaces: versions.before(versioned(folder)),
    });
  }

  return {
    sync,
    retire,
    /** Settles when no model is being loaded. */
    async settled(): Promise<void> {
      while (loading.size > 0) await Promise.all(loading);
    },
    /** Loads nothing more. A model that is being loaded is not served. */
    stop(): void {
      stopped = true;
      deps.loader.stop();
    },
    /** Whether lanes hold any model. */
    get servesAny(): boolean {
      return [...models.values()].some((model) => loadedOf(model) !== null);
    },
    /** Null if lanes do not hold the model. */
    groupOf(queue: string, options: GroupOptions): BatchGroup | null {
      const model = models.get(queue);
      const loaded = model && loadedOf(model);
      if (!loaded) return null;
      const { config } = model.found.folder;
      return batchGroup({
        model: queue,
        // Resolved here, so that jobs that name the config's value share batches with jobs that leave it open.
        options: effectiveOptions(config, options),
        batchSize: options.batch_size ?? loaded.sizing.batch.value,
        maxWaitMs: config.batching.max_wait_ms,
        input: taskOf(config).input,
      });
    },
    /** For the heartbeat. */
    describe: (): AnnouncedModel[] => [...models.values()].map(announce),
  };
}

/** Only another content of the same version replaces it. */
function versioned({ ref, version }: ModelFolder): ModelRef {
  return { ...ref, name: modelTitle({ name: ref.name, version }) };
}

function nameOf({ found }: ServedModel): string {
  return found.folder.ref.name;
}

/** Twelve digits are enough to tell versions apart. */
function versionOf({ name, hash }: ModelRef): { model: string; hash: string } {
  return { model: name, hash: hash.slice(0, 12) };
}
