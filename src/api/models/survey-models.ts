/** Finds all models: those in the model folders, and those that only live workers announce. */
import { basename } from 'node:path';
import type { ModelConfig, ModelRef } from '../../shared/domain/model/model-config.ts';
import { ForebayError } from '../../shared/errors.ts';
import type { Aliases } from '../../shared/models/aliases.ts';
import type { ModelFolder } from '../../shared/models/model-folder.ts';
import type { ModelFolderReader, ModelProblem } from '../../shared/models/model-folder-reader.ts';
import { modelTitle } from '../../shared/models/version-name.ts';
import { blockQueueName } from '../../shared/queue/keys.ts';
import { refusalOf, refusedBy, type Refusal } from '../../shared/queue/workers/refused-models.ts';
import {
  offeredModels,
  type ServedModel,
  type WorkerInfo,
  type WorkerRegistry,
} from '../../shared/queue/workers/worker-registry.ts';

export interface KnownModel {
  readonly ref: ModelRef;
  /** Null if only workers of older versions know the model. */
  readonly config: ModelConfig | null;
  readonly version: string | null;
  readonly onDisk: boolean;
  readonly notes: readonly string[];
  /** The files that its config names. Empty if only workers know the model. */
  readonly named: ModelFolder['named'];
  readonly served: readonly ServedModel[];
  /** Why a worker that has its folder does not serve it. Null if none has said so, or if some worker announces it. */
  readonly refusal: Refusal | null;
}

interface OnDisk {
  readonly models: readonly ModelFolder[];
  readonly broken: readonly ModelProblem[];
  /** Whole models folders that exist but cannot be read. */
  readonly unreadable: readonly ModelProblem[];
  /** By model name. */
  readonly aliases: ReadonlyMap<string, Aliases>;
}

export interface ModelSurvey extends Omit<OnDisk, 'models'> {
  readonly known: readonly KnownModel[];
  /** The pipelines of requests that workers serve, by queue. */
  readonly inline: ReadonlyMap<string, readonly ServedModel[]>;
}

/** Models whose folders only workers have, but cannot read. `seen`: the titles of all others. */
function brokenOnlyThere(workers: readonly WorkerInfo[], seen: ReadonlySet<string>): ModelProblem[] {
  const found = new Map<string, ModelProblem>();
  for (const worker of workers) {
    for (const { title } of refusedBy(worker)) {
      if (title === null || seen.has(title) || found.has(title)) continue;
      const { message } = refusalOf([worker], worker.pool, (one) => one === title)!;
      found.set(title, { dir: '', title, error: new ForebayError('invalid_model_config', message) });
    }
  }
  return [...found.values()];
}

/** The models of a draining worker stay known, but the worker does not serve them. */
function modelsOf(worker: WorkerInfo): readonly ServedModel[] {
  const offered = new Set(offeredModels(worker));
  return worker.models.map((model) =>
    offered.has(model) ? model : { ...model, lanes: 0, isLoading: true, isUnloaded: false },
  );
}

/** `dirs`: model folders, or folders that contain model folders. If two models share a name, the first one wins. */
export function createModelSurvey(deps: {
  reader: ModelFolderReader;
  dirs: readonly string[];
  workers: Pick<WorkerRegistry, 'live'>;
}): () => Promise<ModelSurvey> {
  async function onDisk(): Promise<OnDisk> {
    const models: ModelFolder[] = [];
    const aliases = new Map<string, Aliases>();
    const broken: ModelProblem[] = [];
    const unreadable: ModelProblem[] = [];
    for (const dir of deps.dirs) {
      const listing = await deps.reader.list(dir).catch((error: unknown) => {
        if (!(error instanceof ForebayError)) throw error;
        // An API may have no model folder. Its workers announce their models.
        if (error.code !== 'model_not_found') unreadable.push({ dir, title: basename(dir), error });
        return null;
      });
      const earlier = new Set(models.map(({ ref }) => ref.name));
      models.push(...(listing?.models ?? []).filter(({ ref }) => !earlier.has(ref.name)));
      for (const [name, some] of listing?.aliases ?? []) if (!earlier.has(name)) aliases.set(name, some);
      broken.push(...(listing?.problems ?? []));
    }
    return { models, broken, unreadable, aliases };
  }

  /** Models on disk come before models that only workers know. */
  async function survey(): Promise<ModelSurvey> {
    const [disk, workers] = await Promise.all([onDisk(), deps.workers.live()]);
    const served = new Map<string, ServedModel[]>();
    const inline = new Map<string, ServedModel[]>();
    for (const model of workers.flatMap(modelsOf)) {
      const queue = blockQueueName(model.ref);
      const group = model.inline ? inline : served;
      group.set(queue, [...(group.get(queue) ?? []), model]);
    }
    const known: KnownModel[] = [];
    const seen = new Set<string>();
    for (const { ref, version, config, notes, named, dir } of disk.models) {
      const serving = served.get(blockQueueName(ref)) ?? [];
      const titles = [modelTitle({ name: ref.name, version }), ...(version === null ? [basename(dir)] : [])];
      for (const title of titles) seen.add(title);
      const refusal =
        serving.length > 0 ? null : refusalOf(workers, ref.pool, (title) => titles.includes(title));
      known.push({ ref, version, config, notes, named, onDisk: true, served: serving, refusal });
    }
    // A separate loop, because two versions with the same content share a queue.
    for (const { ref } of disk.models) served.delete(blockQueueName(ref));
    for (const models of served.values()) {
      const { ref, version = null } = models[0]!;
      const config = models.find((model) => model.config !== undefined)?.config ?? null;
      known.push({
        ref,
        version,
        config,
        notes: [],
        named: [],
        onDisk: false,
        served: models,
        refusal: null,
      });
      seen.add(modelTitle({ name: ref.name, version }));
    }
    const { unreadable, aliases } = disk;
    for (const { title } of disk.broken) seen.add(title);
    const broken = [...disk.broken, ...brokenOnlyThere(workers, seen)];
    return { known, inline, broken, unreadable, aliases };
  }

  return survey;
}
