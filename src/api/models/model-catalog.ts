/**
 * The models that a job can name: those in the model folders, merged with those that live workers announce. Never opens a
 * graph. Workers report the contents of the graphs that they have loaded.
 */
import { basename } from 'node:path';
import { batchAdvice, gravest } from '../../shared/domain/model/batch-invariance.ts';
import type { ModelConfig, ModelRef } from '../../shared/domain/model/model-config.ts';
import { ForebayError } from '../../shared/errors.ts';
import type { ModelFolder } from '../../shared/models/model-folder.ts';
import type { ModelFolderReader } from '../../shared/models/model-folder-reader.ts';
import { blockQueueName } from '../../shared/queue/keys.ts';
import {
  isLoaded,
  type ServedModel,
  type WorkerRegistry,
} from '../../shared/queue/workers/worker-registry.ts';
import type { ModelWire } from '../http/wire/model.ts';
import { nearestName } from '../../shared/text/nearest-name.ts';

export interface FoundModel {
  readonly ref: ModelRef;
  /** Null if only workers of older versions know the model. */
  readonly config: ModelConfig | null;
  /** Highest number of rows per model call over all live workers that serve the model. Null if none does. */
  readonly batchSize: number | null;
}

export interface ModelCatalog {
  /** Sorted by name. A name appears twice while workers still serve an older version than the folder's. */
  readonly list: () => Promise<ModelWire[]>;
  /** The version that a submit would use. Throws `model_not_found`. */
  readonly get: (name: string) => Promise<ModelWire>;
  /**
   * Throws ForebayError `model_not_found`, which names the nearest and the known models, or `invalid_model_config` for a
   * broken folder.
   */
  readonly findModel: (name: string) => Promise<FoundModel>;
}

interface Known extends Omit<FoundModel, 'batchSize'> {
  readonly notes: readonly string[];
  readonly served: readonly ServedModel[];
}

interface Broken {
  readonly name: string;
  readonly error: ForebayError;
}

/** `dirs`: model folders, or folders that contain model folders. If two models share a name, the first one wins. */
export function createModelCatalog(deps: {
  reader: ModelFolderReader;
  dirs: readonly string[];
  workers: Pick<WorkerRegistry, 'live'>;
}): ModelCatalog {
  async function onDisk(): Promise<{ models: ModelFolder[]; broken: Broken[] }> {
    const models = new Map<string, ModelFolder>();
    const broken: Broken[] = [];
    for (const dir of deps.dirs) {
      const listing = await deps.reader.list(dir).catch((error: unknown) => {
        // An API may have no model folder. Its workers announce their models.
        if (error instanceof ForebayError && error.code === 'model_not_found') return null;
        throw error;
      });
      for (const model of listing?.models ?? []) {
        if (!models.has(model.ref.name)) models.set(model.ref.name, model);
      }
      for (const problem of listing?.problems ?? []) {
        broken.push({ name: basename(problem.dir), error: problem.error });
      }
    }
    return { models: [...models.values()], broken };
  }

  /** The folder's version of a model comes before versions that only workers know. */
  async function survey(): Promise<{ known: Known[]; broken: Broken[] }> {
    const [disk, workers] = await Promise.all([onDisk(), deps.workers.live()]);
    const served = new Map<string, ServedModel[]>();
    for (const model of workers.flatMap((worker) => worker.models)) {
      const queue = blockQueueName(model.ref);
      served.set(queue, [...(served.get(queue) ?? []), model]);
    }
    const known: Known[] = [];
    for (const { ref, config, notes } of disk.models) {
      known.push({ ref, config, notes, served: served.get(blockQueueName(ref)) ?? [] });
      served.delete(blockQueueName(ref));
    }
    for (const models of served.values()) {
      const config = models.find((model) => model.config !== undefined)?.config ?? null;
      known.push({ ref: models[0]!.ref, config, notes: [], served: models });
    }
    return { known, broken: disk.broken };
  }

  async function find(name: string): Promise<Known> {
    const { known, broken } = await survey();
    const found = known.find((model) => model.ref.name === name);
    if (found) return found;
    const damaged = broken.find((b) => b.name === name);
    if (damaged) throw damaged.error;
    throw notFound(name, [...new Set(known.map((model) => model.ref.name))].toSorted());
  }

  return {
    async list() {
      const { known, broken } = await survey();
      const views = [...known.map(toWire), ...broken.map(brokenToWire)];
      return views.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    },
    async get(name) {
      return toWire(await find(name));
    },
    async findModel(name) {
      const { ref, config, served } = await find(name);
      const sizes = served.filter(isLoaded).map((model) => model.batchSize);
      return { ref, config, batchSize: sizes.length > 0 ? Math.max(...sizes) : null };
    },
  };
}

/** A message with more names would be unreadable. */
const MAX_NAMES = 20;

function notFound(name: string, names: readonly string[]): ForebayError {
  const near = nearestName(name, names);
  const listed = names.slice(0, MAX_NAMES).join(', ') + (names.length > MAX_NAMES ? ', ...' : '');
  return new ForebayError(
    'model_not_found',
    `There is no model "${name}"${near === null ? '.' : `; did you mean "${near}"?`} ${
      names.length === 0
        ? 'No model is known. Put a model folder (model.onnx and model.json) into the models folder, or start a worker that serves one.'
        : `Known: ${listed}.`
    }`,
    { issues: [{ path: '/model', message: `there is no model "${name}"` }] },
  );
}

function toWire({ ref, config, notes, served }: Known): ModelWire {
  const healthy = served.filter(isLoaded);
  const problem = healthy.length > 0 ? null : (served[0]?.problem ?? null);
  const lanes = healthy.reduce((sum, model) => sum + model.lanes, 0);
  const invariance = gravest(healthy.map((model) => model.batchInvariance));
  const memory = healthy.find((model) => model.memory)?.memory ?? null;
  return {
    name: ref.name,
    object: 'model',
    hash: ref.hash,
    task: config?.task ?? null,
    pool: ref.pool,
    status: problem ? 'failed' : lanes > 0 ? 'serving' : 'not_loaded',
    problem,
    workers: healthy.length,
    lanes,
    batch_size: healthy[0]?.batchSize ?? null,
    tuned_at: healthy[0]?.tunedAt ?? null,
    config: config && { ...config },
    notes: [...notes],
    graph: (healthy.find((model) => model.graph !== null)?.graph ?? null) as ModelWire['graph'],
    batch_invariance: invariance && {
      verdict: invariance.verdict,
      max_difference: invariance.maxDifference,
      batch: invariance.batch,
      advice: batchAdvice(ref.name, invariance),
    },
    memory: memory && { model_bytes: memory.modelBytes, batch_bytes: memory.batchBytes },
  };
}

function brokenToWire({ name, error }: Broken): ModelWire {
  return {
    name,
    object: 'model',
    hash: null,
    task: null,
    pool: null,
    status: 'failed',
    problem: { code: error.code, message: error.message },
    workers: 0,
    lanes: 0,
    batch_size: null,
    tuned_at: null,
    config: null,
    notes: [],
    graph: null,
    batch_invariance: null,
    memory: null,
  };
}
