/** What a worker is doing now, for its heartbeat and its metrics. */
import type { IntakeState } from '../../shared/domain/intake-state.ts';
import type { MemoryLevel } from '../../shared/domain/memory-level.ts';
import type { RefusedModel } from '../../shared/queue/workers/refused-models.ts';
import type { ServedModel } from '../../shared/queue/workers/worker-registry.ts';
import type { ByteBudget } from '../intake/byte-budget.ts';
import type { LanePool, LaneView } from '../lane-pool/lane-pool.ts';
import type { ReadMemoryUse } from '../memory/memory-use.ts';

export interface WorkerView {
  /** Lanes that run, of `lanes.size`. */
  readonly lanes: { readonly size: number; readonly running: readonly LaneView[] };
  /** Bytes. Null: the system does not report them. */
  readonly memory: {
    readonly usedBytes: number | null;
    readonly limitBytes: number;
    readonly level: MemoryLevel;
  };
  readonly inflight: Pick<ByteBudget, 'used' | 'limit' | 'blockedMs'>;
  readonly models: readonly ServedModel[];
  readonly refused: readonly RefusedModel[];
  readonly intake: IntakeState;
}

export function createWorkerView(parts: {
  lanes: Pick<LanePool, 'size' | 'views'>;
  budget: ByteBudget;
  memoryUse: ReadMemoryUse;
  memoryLevel: () => MemoryLevel;
  /** Applies if nothing else is known. */
  limitBytes: number;
  models: () => readonly ServedModel[];
  refused: () => readonly RefusedModel[];
  intake: () => IntakeState;
}): () => WorkerView {
  const { lanes, budget } = parts;
  return () => {
    const running = lanes.views();
    const use = parts.memoryUse([process.pid, ...running.map(({ pid }) => pid)]);
    return {
      lanes: { size: lanes.size, running },
      memory: {
        usedBytes: use?.bytes ?? null,
        limitBytes: use?.limitBytes ?? parts.limitBytes,
        level: parts.memoryLevel(),
      },
      inflight: budget,
      models: parts.models(),
      refused: parts.refused(),
      intake: parts.intake(),
    };
  };
}
