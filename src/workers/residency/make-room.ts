/**
 * The memory budget for models: decides which models leave the lanes so that another one fits. Counts the memory that a
 * worker's lanes have measured, all together. Estimates it from the file if the model was never loaded.
 */
import { MODEL_FACTOR } from '../../shared/domain/model/model-memory.ts';
import { formatBytes } from '../../shared/text/bytes.ts';
import { isPinned, lastLoadedOf, loadedOf, type ServedModel } from '../models/served-model.ts';

/** Between two blocks of a job, its model may be unused for about one interval of the feeder's sweep. */
export const BETWEEN_BLOCKS_MS = 2_000;

export interface RoomDeps {
  /** Null: no limit. */
  readonly budgetBytes: number | null;
  readonly models: () => readonly ServedModel[];
  /** Whether a block or a sample uses the model now. */
  readonly inUse: (queue: string) => boolean;
  /** Whether blocks wait for the model, here or at other workers. */
  readonly isNeeded: (queue: string) => Promise<boolean>;
  readonly unload: (queue: string) => void;
  /** Monotonic, ms. */
  readonly now: () => number;
}

export function createMakeRoom(deps: RoomDeps) {
  const { budgetBytes, inUse } = deps;

  function others({ queue }: ServedModel): ServedModel[] {
    return deps.models().filter((model) => model.queue !== queue && takesMemory(model));
  }

  /** A model that is larger than the whole budget is loaded alone. */
  function fits(model: ServedModel): boolean {
    if (budgetBytes === null) return true;
    const held = others(model).reduce((sum, other) => sum + memoryOf(other), 0);
    return held === 0 || held + memoryOf(model) <= budgetBytes;
  }

  /** Models that may be unloaded for this one, the least recently used first. */
  function unused(model: ServedModel): ServedModel[] {
    return others(model)
      .filter((other) => other.state.is === 'serving' && !isPinned(other) && !inUse(other.queue))
      .filter((other) => deps.now() - other.lastUsed >= BETWEEN_BLOCKS_MS)
      .toSorted((a, b) => a.lastUsed - b.lastUsed);
  }

  /** Unloads the first one that no block waits for. Returns false if there is none. */
  async function evictOne(model: ServedModel): Promise<boolean> {
    for (const { queue } of unused(model)) {
      if (await deps.isNeeded(queue)) continue;
      // A block may have been taken meanwhile.
      if (!unused(model).some((other) => other.queue === queue)) continue;
      deps.unload(queue);
      return true;
    }
    return false;
  }

  return {
    fits,
    /** Unloads unused models until this one fits. Returns null, or why it does not fit. */
    async makeRoom(model: ServedModel): Promise<string | null> {
      while (!fits(model)) if (!(await evictOne(model))) return noRoom(model, others(model), budgetBytes!);
      return null;
    },
  };
}

/**
 * Bytes of a model in all its lanes. At least the file's size per lane, because a lane measures too little if it reuses
 * memory of another model.
 */
export function memoryOf(model: ServedModel): number {
  const { found, resident } = model;
  const { bytes } = found.folder;
  const measured = lastLoadedOf(model)?.info.memory?.weightsBytes;
  return resident.lanes * (measured === undefined ? MODEL_FACTOR * bytes : Math.max(measured, bytes));
}

function takesMemory(model: ServedModel): boolean {
  return model.state.is === 'loading' || loadedOf(model) !== null;
}

function noRoom(model: ServedModel, others: readonly ServedModel[], budgetBytes: number): string {
  const { name } = model.found.folder.ref;
  const names = [...new Set(others.map(({ found }) => found.folder.ref.name))].toSorted().join(', ');
  return (
    `Model "${name}" waits for memory: it needs about ${formatBytes(memoryOf(model))} of the ${formatBytes(budgetBytes)} ` +
    `for models (FOREBAY_MODELS_MB). The rest is held by models that cannot be unloaded for it now: ${names}.`
  );
}
