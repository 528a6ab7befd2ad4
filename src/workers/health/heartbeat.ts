/**
 * Keeps a worker's entry in the registry alive.
 *
 * - `silent`: before `start`. Changes are not announced yet.
 * - `beating`: every BEAT_MS, and at each change.
 * - `stopped`: the entry is removed.
 */
import { InvariantError, messageOf } from '../../shared/errors.ts';
import type { IntakeOrder } from '../../shared/domain/intake-state.ts';
import type { Emit } from '../../shared/observe/events.ts';
import { BEAT_MS, type WorkerInfo, type WorkerRegistry } from '../../shared/queue/workers/worker-registry.ts';
import { redisTrouble } from '../../shared/redis/redis-trouble.ts';

export type Heartbeat = ReturnType<typeof createHeartbeat>;

export function createHeartbeat(deps: {
  id: string;
  registry: WorkerRegistry;
  info: () => WorkerInfo;
  /** What an operator last asked of the worker. Each heartbeat repeats it. */
  onOrder: (order: IntakeOrder) => void;
  emit: Emit;
}) {
  const { id, registry, info, onOrder, emit } = deps;
  let state: 'silent' | 'beating' | 'stopped' = 'silent';
  let timer: NodeJS.Timeout | undefined;

  async function beat(announce: boolean): Promise<void> {
    if (state !== 'beating') return;
    const order = await registry.beat(info(), announce).catch((error: unknown) => {
      // The connection reports a Redis that is unavailable or refuses writes.
      if (redisTrouble(error) === null) emit('worker.heartbeat_failed', { error: messageOf(error) });
      return null;
    });
    if (order !== null && !isStopped()) onOrder(order);
  }

  function isStopped(): boolean {
    return state === 'stopped';
  }

  return {
    /** Allowed in state `silent`. */
    start(): void {
      if (state !== 'silent') throw new InvariantError(`a heartbeat was started while ${state}`);
      state = 'beating';
      timer = setInterval(() => void beat(false), BEAT_MS);
      void beat(true);
    },
    /** An operator may have asked something of the worker. */
    ring: (): void => void beat(false),
    /** Beats now and wakes feeders that wait for a change. */
    announce: async (): Promise<void> => beat(true),
    /** Does not wait for Redis, which may be unavailable. */
    stop(): void {
      state = 'stopped';
      clearInterval(timer);
      registry
        .leave(id)
        .catch((error: unknown) => emit('worker.sign_off_failed', { error: messageOf(error) }));
    },
  };
}
