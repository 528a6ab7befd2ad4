/** A model as clients see it. */
import { batchAdvice, gravest } from '../../shared/domain/model/batch-invariance.ts';
import { sumOfUse, type ModelUse } from '../../shared/domain/model/model-use.ts';
import { aliasesOf, NO_ALIASES } from '../../shared/models/aliases.ts';
import type { ModelProblem } from '../../shared/models/model-folder-reader.ts';
import { parseModelName } from '../../shared/models/version-name.ts';
import { isLoaded, type ServedModel } from '../../shared/queue/workers/worker-registry.ts';
import { rowKindOf } from '../../shared/tasks/task-descriptions.ts';
import type { ModelWire } from '../http/wire/model.ts';
import { iso } from '../http/wire/scalars.ts';
import { latestOf } from './choose-model.ts';
import type { KnownModel, ModelSurvey } from './survey-models.ts';

export function viewOf(model: KnownModel, { known, aliases }: ModelSurvey): ModelWire {
  const { name } = model.ref;
  const named = known.filter((one) => one.ref.name === name);
  // Of two models of the same version, a job gets the first.
  const isFirst = named.find((one) => one.version === model.version) === model;
  const own = isFirst ? aliasesOf(aliases.get(name) ?? NO_ALIASES, model.version) : [];
  return toWire(model, latestOf(named) === model, own);
}

function toWire(
  { ref, version, config, notes, served, refusal }: KnownModel,
  isLatest: boolean,
  aliases: string[],
): ModelWire {
  const loaded = served.filter(isLoaded);
  const unloaded = served.filter((model) => model.isUnloaded === true);
  /** A worker remembers the facts of a model that it has unloaded. */
  const healthy = loaded.length > 0 ? loaded : unloaded;
  const problem =
    healthy.length > 0 ? null : (served.find((model) => model.problem !== null)?.problem ?? refusal);
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
    input: config && rowKindOf(config),
    use: useToWire(useOf(served)),
  };
}

/** The sum over all live workers. Null if no worker reports an answered batch. */
export function useOf(served: readonly ServedModel[]): ModelUse | null {
  const uses = served.flatMap(({ use }) => use ?? []);
  return uses.length === 0 ? null : uses.reduce(sumOfUse);
}

function useToWire(use: ModelUse | null): ModelWire['use'] {
  if (use === null) return null;
  const { rows, failed, batches, batchMs, rowMs, lastAt } = use;
  return {
    rows,
    failed,
    batches,
    batch_ms: round(batchMs / batches),
    row_ms: round(rowMs.total / rows),
    last_at: iso(lastAt),
  };
}

function round(ms: number): number {
  return Number(ms.toPrecision(4));
}

/** Workers may differ, because some may have fallen back to the CPU. */
function providersOf(healthy: readonly ServedModel[]): string[] | null {
  const names = healthy.flatMap(({ providers }) => providers ?? []);
  return names.length === 0 ? null : [...new Set(names)];
}

export function brokenToWire({ title, error }: ModelProblem): ModelWire {
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
    input: null,
    use: null,
  };
}
