/**
 * The models that this worker serves: found on disk, loaded into lanes, each with its queue. They load independently.
 * When files change on disk, the new version is loaded and served too. A model may leave the lanes and come back.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ModelRef } from '../../shared/domain/model/model-config.ts';
import { InvariantError, type ForebayError } from '../../shared/errors.ts';
import type { ModelFolder } from '../../shared/models/model-folder.ts';
import { modelTitle } from '../../shared/models/version-name.ts';
import type { Emit } from '../../shared/observe/events.ts';
import { blockQueueName } from '../../shared/queue/keys.ts';
import { MOST_REFUSED, type RefusedModel } from '../../shared/queue/workers/refused-models.ts';
import type {
  ModelSizing,
  ServedModel as AnnouncedModel,
} from '../../shared/queue/workers/worker-registry.ts';
import { mostOnlineRows, type BatchGroup, type BatchSizes } from '../intake/batch-group.ts';
import type { UnloadReason } from '../../shared/observe/worker-events.ts';
import type { LanePool } from '../lane-pool/lane-pool.ts';
import type { PooledModel } from '../lane-pool/pooled-model.ts';
import type { TunedOf } from '../settings/tuned-settings.ts';
import type { FoundModel, FoundModels } from './find-models.ts';
import { groupOfModel, type GroupOptions } from './group-of-model.ts';
import type { ModelLoader } from './model-loader.ts';
import { createModelVersions } from './model-versions.ts';
import { createProblemReport } from './problem-report.ts';
import { reportLoaded } from './report-loaded.ts';
import type { ResidentOf } from './resident-of.ts';
import {
  announced,
  isPinned,
  isWorthLoading,
  lastLoadedOf,
  loadedOf,
  newModel,
  toFailed,
  toLoaded,
  toLoading,
  toRead,
  toReplaced,
  toRestored,
  toSeen,
  toUnloaded,
  toWaiting,
  type LoadedModel,
  type ServedModel,
} from './served-model.ts';
import type { SizingFacts } from './size-model.ts';

export type ServedModels = ReturnType<typeof createServedModels>;

export interface ServedModelsDeps {
  pool: Pick<LanePool, 'lanesOf' | 'slowCodeOf' | 'unload'>;
  residentOf: ResidentOf;
  loader: ModelLoader;
  sizeModel: (facts: SizingFacts) => ModelSizing;
  tunedOf: TunedOf;
  /** Whether a model that has just been found is loaded at once. Otherwise it waits for its first block. */
  loadsAtOnce: (model: ServedModel) => boolean;
  /** From now on, blocks of the model can be taken. */
  onServed: (queue: string) => void;
  /** Blocks of the model can no longer be taken. */
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
  const report = createProblemReport(emit);
  let reportServed: () => void;
  /** Settles when a model is served for the first time. */
  const firstServed = new Promise<void>((resolve) => (reportServed = resolve));
  let refused: readonly RefusedModel[] = [];
  /** Queues of the models that are on disk now. */
  let onDisk: ReadonlySet<string> = new Set();
  let isStopped = false;

  function put(model: ServedModel): void {
    models.set(model.queue, model);
  }

  /** Compares the models with those that are on disk now: loads new ones, and marks missing ones as replaced. */
  function sync({ models: found, problems }: FoundModels): void {
    for (const problem of problems) report(problem);
    refused = problems
      .slice(0, MOST_REFUSED)
      .map(({ title, error: { code, message } }) => ({ title, code, message }));
    onDisk = new Set(found.map(({ folder }) => blockQueueName(folder.ref)));
    for (const model of models.values()) if (!onDisk.has(model.queue)) leaveDisk(model);
    for (const one of pinnedFirst(found)) appear(one, found.length > 1);
    deps.onChange();
  }

  function leaveDisk(model: ServedModel): void {
    if (model.state.is === 'failed' || model.state.is === 'unloaded') models.delete(model.queue);
    if (model.state.is !== 'serving') return;
    put(toReplaced(model));
    const { ref, dir } = model.found.folder;
    emit('model.replaced', { ...versionOf(ref), dir });
  }

  function appear(found: FoundModel, amongOthers: boolean): void {
    const queue = blockQueueName(found.folder.ref);
    const known = models.get(queue);
    if (known === undefined) add(queue, found, amongOthers);
    else if (known.state.is === 'replaced') put(toRestored(known, found));
    else if (known.state.is === 'unloaded') put(toRead(known, found, residentOf(queue, found)));
    else if (known.state.is !== 'failed') put(toSeen(known, found));
    else if (isWorthLoading({ ...known, found })) add(queue, found, amongOthers);
  }

  /** Also forgets that the model failed. */
  function add(queue: string, found: FoundModel, amongOthers: boolean): void {
    versions.remember(versioned(found.folder));
    const model = newModel(queue, found, residentOf(queue, found));
    put(model);
    if (deps.loadsAtOnce(model)) begin(model, amongOthers || models.size > 1);
  }

  function residentOf(queue: string, found: FoundModel): PooledModel {
    return deps.residentOf(queue, found, (why) => lose(queue, why));
  }

  /** Allowed in states `unloaded` and `failed`. */
  function begin(before: ServedModel, tryFirst: boolean): void {
    const model = toLoading(before);
    put(model);
    const last = lastLoadedOf(before);
    const done = load(model, last, tryFirst).finally(() => {
      loading.delete(done);
      deps.onChange();
    });
    loading.add(done);
  }

  /** `last`: known if lanes have held the model before. */
  async function load(begun: ServedModel, last: LoadedModel | null, tryFirst: boolean): Promise<void> {
    const { resident } = begun;
    const outcome =
      last === null
        ? await deps.loader.load(resident, tryFirst)
        : await deps.loader.loadAgain(resident, last.info);
    if (isStopped) return;
    const model = models.get(begun.queue)!;
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
    reportServed();
  }

  function fail(model: ServedModel, error: ForebayError): void {
    emit('model.failed', { model: nameOf(model), code: error.code, message: error.message });
    if (!onDisk.has(model.queue)) models.delete(model.queue);
    else if (isWorthLoading(model)) add(model.queue, model.found, false);
    else put(toFailed(model, error));
  }

  /** No lane can load it again, because its files have changed or loading fails. */
  function lose(queue: string, error: ForebayError): void {
    const model = models.get(queue);
    if (model === undefined || loadedOf(model) === null || isStopped) return;
    emit('model.lost', { model: nameOf(model), code: error.code, message: error.message });
    if (model.state.is === 'replaced') models.delete(queue);
    else put(toFailed(model, error));
    leaveLanes(queue);
    if (model.state.is === 'serving' && isWorthLoading(model)) add(queue, model.found, false);
    deps.onChange();
  }

  /** Allowed in state `serving`, while no block or sample uses the model. */
  function unload(queue: string, why: UnloadReason): void {
    const model = models.get(queue)!;
    put(toUnloaded(model));
    emit('model.unloaded', { ...versionOf(model.found.folder.ref), why });
    leaveLanes(queue);
    deps.onChange();
  }

  /** Loads a model that no lane holds. A failed one is tried again. The caller has made room for it. */
  function wake(queue: string): void {
    const model = models.get(queue);
    if (isStopped || (model?.state.is !== 'unloaded' && model?.state.is !== 'failed')) return;
    begin(model, models.size > 1);
    deps.onChange();
  }

  /** Shows why an unloaded model that is needed is not loaded. */
  function wait(queue: string, why: string | null): void {
    const model = models.get(queue);
    if (model?.state.is !== 'unloaded' || model.state.waitsBecause === why) return;
    put(toWaiting(model, why));
    if (why !== null) emit('model.waits', { ...versionOf(model.found.folder.ref), why });
    deps.onChange();
  }

  function leaveLanes(queue: string): void {
    deps.onGone(queue);
    pool.unload(queue);
  }

  /** Allowed in state `replaced`, while no block or sample uses the model. It cannot come back. */
  function retire(queue: string): void {
    const model = models.get(queue)!;
    if (model.state.is !== 'replaced')
      throw new InvariantError(`a model was retired while ${model.state.is}`);
    models.delete(queue);
    emit('model.retired', versionOf(model.found.folder.ref));
    leaveLanes(queue);
    deps.onChange();
  }

  /** Settles when no model is being loaded. */
  async function settled(): Promise<void> {
    while (loading.size > 0) await Promise.all(loading);
  }

  function announce(model: ServedModel): AnnouncedModel {
    const { folder } = model.found;
    const slow = pool.slowCodeOf(model.queue);
    const code = slow && models.get(slow.model);
    return announced(model, {
      ...(code && { slowCode: { model: nameOf(code), ms: Math.round(slow.ms) } }),
      lanes: pool.lanesOf(model.queue),
      tunedAt: tunedOf(folder)?.measuredAt ?? null,
      replaces: versions.before(versioned(folder)),
    });
  }

  return {
    sync,
    retire,
    unload,
    wake,
    wait,
    all: (): readonly ServedModel[] => [...models.values()],
    /** Undefined if the worker does not know the model. */
    of: (queue: string): ServedModel | undefined => models.get(queue),
    settled,
    /** Settles when no model is being loaded or, after `patienceMs`, as soon as one model has been served. */
    async ready(patienceMs: number): Promise<void> {
      const anyServed = async () => {
        await delay(patienceMs, undefined, { ref: false });
        await firstServed;
      };
      await Promise.race([settled(), anyServed()]);
    },
    /** Loads nothing more. A model that is being loaded is not served. */
    stop(): void {
      isStopped = true;
      deps.loader.stop();
    },
    /** Null if lanes do not hold the model. */
    groupOf(queue: string, options: GroupOptions, tenant: string): BatchGroup | null {
      const model = models.get(queue);
      const loaded = model && loadedOf(model);
      if (!loaded) return null;
      model.lastUsed = performance.now();
      return groupOfModel(model, loaded, options, tenant);
    },
    /** Sizes of online batches. Null if lanes do not hold the model. */
    onlineSizesOf(queue: string): BatchSizes | null {
      const model = models.get(queue);
      const loaded = model && loadedOf(model);
      if (!loaded) return null;
      const { batch, mostRows = batch.value } = loaded.sizing;
      return { batchSize: batch.value, mostRows: mostOnlineRows(batch.value, mostRows) };
    },
    /** The model folders that could not be read, for the heartbeat. */
    refused: () => refused,
    /** The models, for the heartbeat. */
    describe: (): AnnouncedModel[] => [...models.values()].map(announce),
  };
}

/** Pinned models come first, so that they get the memory budget before others. */
function pinnedFirst(found: readonly FoundModel[]): FoundModel[] {
  return found.toSorted((a, b) => Number(isPinned({ found: b })) - Number(isPinned({ found: a })));
}

/** Includes the version in the name, because a model replaces only models of the same version. */
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
