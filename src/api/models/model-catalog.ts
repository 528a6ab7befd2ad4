/**
 * The models that a job can name: those in the model folders, merged with those that live workers announce. Never opens a
 * graph. Workers report the contents of the graphs that they have loaded.
 */
import { batchAdvice, gravest } from '../../shared/domain/model/batch-invariance.ts';
import type { ModelConfig, ModelRef } from '../../shared/domain/model/model-config.ts';
import { ForebayError } from '../../shared/errors.ts';
import type { ModelFolder } from '../../shared/models/model-folder.ts';
import { aliasesOf, NO_ALIASES, type Aliases } from '../../shared/models/aliases.ts';
import {
  compareVersions,
  latestVersion,
  modelTitle,
  parseModelName,
} from '../../shared/models/version-name.ts';
import type { ModelFolderReader, ModelProblem } from '../../shared/models/model-folder-reader.ts';
import { blockQueueName } from '../../shared/queue/keys.ts';
import {
  isLoaded,
  isReady,
  type ServedModel,
  type WorkerRegistry,
} from '../../shared/queue/workers/worker-registry.ts';
import type { ModelWire } from '../http/wire/model.ts';
import { nearestName } from '../../shared/text/nearest-name.ts';

export interface FoundModel {
  readonly ref: ModelRef;
  /** Null if only workers of older versions know the model. */
  readonly config: ModelConfig | null;
  /** Highest number of rows per model call over all live workers that are ready for the model. Null if none is. */
  readonly batchSize: number | null;
}

export interface ModelCatalog {
  /**
   * Sorted by name and version. A model appears twice while workers still serve other content than its folder has.
   */
  readonly list: () => Promise<ModelWire[]>;
  /** `name`: as in findModel. Throws `model_not_found`. */
  readonly get: (name: string) => Promise<ModelWire>;
  /**
   * `name` may end with a version or an alias: `tiny@2`, `tiny@stable`, or `tiny@latest`, which is what `tiny` means. Throws
   * ForebayError `model_not_found`, which names the nearest and the known models, or `invalid_model_config` for a broken
   * folder.
   */
  readonly findModel: (name: string) => Promise<FoundModel>;
  /** The same content that an earlier job used, if it still exists. Otherwise what `findModel` finds by name. */
  readonly findAgain: (ref: ModelRef) => Promise<FoundModel>;
}

interface Known extends Omit<FoundModel, 'batchSize'> {
  readonly version: string | null;
  readonly onDisk: boolean;
  readonly notes: readonly string[];
  readonly served: readonly ServedModel[];
}

interface OnDisk {
  readonly models: readonly ModelFolder[];
  readonly broken: readonly ModelProblem[];
  /** By model name. */
  readonly aliases: ReadonlyMap<string, Aliases>;
}

interface Survey extends Omit<OnDisk, 'models'> {
  readonly known: readonly Known[];
}

/** `dirs`: model folders, or folders that contain model folders. If two models share a name, the first one wins. */
export function createModelCatalog(deps: {
  reader: ModelFolderReader;
  dirs: readonly string[];
  workers: Pick<WorkerRegistry, 'live'>;
}): ModelCatalog {
  async function onDisk(): Promise<OnDisk> {
    const models: ModelFolder[] = [];
    const aliases = new Map<string, Aliases>();
    const broken: ModelProblem[] = [];
    for (const dir of deps.dirs) {
      const listing = await deps.reader.list(dir).catch((error: unknown) => {
        // An API may have no model folder. Its workers announce their models.
        if (error instanceof ForebayError && error.code === 'model_not_found') return null;
        throw error;
      });
      const earlier = new Set(models.map(({ ref }) => ref.name));
      models.push(...(listing?.models ?? []).filter(({ ref }) => !earlier.has(ref.name)));
      for (const [name, some] of listing?.aliases ?? []) if (!earlier.has(name)) aliases.set(name, some);
      broken.push(...(listing?.problems ?? []));
    }
    return { models, broken, aliases };
  }

  /** Models on disk come before models that only workers know. */
  async function survey(): Promise<Survey> {
    const [disk, workers] = await Promise.all([onDisk(), deps.workers.live()]);
    const served = new Map<string, ServedModel[]>();
    for (const model of workers.flatMap((worker) => worker.models)) {
      const queue = blockQueueName(model.ref);
      served.set(queue, [...(served.get(queue) ?? []), model]);
    }
    const known: Known[] = [];
    for (const { ref, version, config, notes } of disk.models) {
      const serving = served.get(blockQueueName(ref)) ?? [];
      known.push({ ref, version, config, notes, onDisk: true, served: serving });
    }
    // A separate loop, because two versions with the same content share a queue.
    for (const { ref } of disk.models) served.delete(blockQueueName(ref));
    for (const models of served.values()) {
      const { ref, version = null } = models[0]!;
      const config = models.find((model) => model.config !== undefined)?.config ?? null;
      known.push({ ref, version, config, notes: [], onDisk: false, served: models });
    }
    return { known, broken: disk.broken, aliases: disk.aliases };
  }

  function find(all: Survey, asked: string): Known {
    const { known, broken } = all;
    const { name, version } = parseModelName(asked);
    const named = known.filter((model) => model.ref.name === name);
    const exact = version === null ? latestOf(named) : named.find((model) => model.version === version);
    // A version comes before an alias of the same name.
    const target = version === null ? undefined : all.aliases.get(name)?.get(version);
    const found = exact ?? (target && named.find((model) => model.version === target));
    if (found) return found;
    const titles = [asked, modelTitle({ name, version: target ?? null })];
    const damaged = broken.find(({ title }) =>
      version === null ? parseModelName(title).name === name : titles.includes(title),
    );
    if (damaged) throw damaged.error;
    if (named.length > 0) throw noVersion(asked, named, all.aliases.get(name));
    throw notFound(asked, [...new Set(known.map((model) => model.ref.name))].toSorted());
  }

  return {
    async list() {
      const all = await survey();
      const views = [...all.known.map((model) => viewOf(model, all)), ...all.broken.map(brokenToWire)];
      return views.toSorted(
        (a, b) =>
          (a.name < b.name ? -1 : a.name > b.name ? 1 : 0) ||
          compareVersions(a.version ?? '', b.version ?? ''),
      );
    },
    async get(name) {
      const all = await survey();
      return viewOf(find(all, name), all);
    },
    async findModel(name) {
      return toFound(find(await survey(), name));
    },
    async findAgain({ name, hash }) {
      const all = await survey();
      const same = all.known.find(({ ref }) => ref.name === name && ref.hash === hash);
      return toFound(same ?? find(all, name));
    },
  };
}

/** The latest of models with one name. Models on disk are newer than models that only workers know. */
function latestOf(models: readonly Known[]): Known | undefined {
  const some = models.some(({ onDisk }) => onDisk) ? models.filter(({ onDisk }) => onDisk) : models;
  const version = latestVersion(some.flatMap((model) => model.version ?? []));
  return some.find((model) => model.version === version) ?? some[0];
}

function viewOf(model: Known, { known, aliases }: Survey): ModelWire {
  const { name } = model.ref;
  const named = known.filter((one) => one.ref.name === name);
  // Of two models of the same version, a job gets the first.
  const isFirst = named.find((one) => one.version === model.version) === model;
  const own = isFirst ? aliasesOf(aliases.get(name) ?? NO_ALIASES, model.version) : [];
  return toWire(model, latestOf(named) === model, own);
}

function toFound({ ref, config, served }: Known): FoundModel {
  const sizes = served.filter(isReady).map((model) => model.batchSize);
  return { ref, config, batchSize: sizes.length > 0 ? Math.max(...sizes) : null };
}

function noVersion(asked: string, named: readonly Known[], aliases: Aliases = NO_ALIASES): ForebayError {
  const { name, version } = parseModelName(asked);
  const versions = named.flatMap((model) => model.version ?? []).toSorted(compareVersions);
  const known =
    versions.length === 0 ? 'It has no versions.' : `Its versions: ${[...new Set(versions)].join(', ')}.`;
  const target = version === null ? undefined : aliases.get(version);
  const problem =
    target === undefined
      ? `Model "${name}" has no version "${version}".`
      : `Alias "${version}" of model "${name}" stands for version "${target}", which does not exist.`;
  const others = aliases.size === 0 ? '' : ` Its aliases: ${[...aliases.keys()].toSorted().join(', ')}.`;
  const message = `${problem} ${known}${others}`;
  return new ForebayError('model_not_found', message, { issues: [{ path: '/model', message }] });
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

function toWire(
  { ref, version, config, notes, served }: Known,
  isLatest: boolean,
  aliases: string[],
): ModelWire {
  const loaded = served.filter(isLoaded);
  const unloaded = served.filter((model) => model.isUnloaded === true);
  /** A worker remembers the facts of a model that it has unloaded. */
  const healthy = loaded.length > 0 ? loaded : unloaded;
  const problem = healthy.length > 0 ? null : (served[0]?.problem ?? null);
  const lanes = healthy.reduce((sum, model) => sum + model.lanes, 0);
  const invariance = gravest(healthy.map((model) => model.batchInvariance));
  const memory = healthy.find((model) => model.memory)?.memory ?? null;
  return {
    name: ref.name,
    object: 'model',
    version,
    latest: isLatest,
    aliases,
    hash: ref.hash,
    task: config?.task ?? null,
    pool: ref.pool,
    status: problem ? 'failed' : lanes > 0 ? 'serving' : unloaded.length > 0 ? 'unloaded' : 'not_loaded',
    problem,
    workers: healthy.length,
    lanes,
    batch_size: healthy[0]?.batchSize ?? null,
    tuned_at: healthy[0]?.tunedAt ?? null,
    config: config && { ...config },
    notes: [...notes],
    graph: (healthy.find((model) => model.graph !== null)?.graph ?? null) as ModelWire['graph'],
    providers: providersOf(healthy),
    batch_invariance: invariance && {
      verdict: invariance.verdict,
      max_difference: invariance.maxDifference,
      batch: invariance.batch,
      advice: batchAdvice(ref.name, invariance),
    },
    memory: memory && { model_bytes: memory.modelBytes, batch_bytes: memory.batchBytes },
  };
}

/** Workers may differ, because some may have fallen back to the CPU. */
function providersOf(healthy: readonly ServedModel[]): string[] | null {
  const names = healthy.flatMap(({ providers }) => providers ?? []);
  return names.length === 0 ? null : [...new Set(names)];
}

function brokenToWire({ title, error }: ModelProblem): ModelWire {
  return {
    ...parseModelName(title),
    object: 'model',
    latest: false,
    aliases: [],
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
    providers: null,
    batch_invariance: null,
    memory: null,
  };
}
