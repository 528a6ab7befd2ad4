/**
 * What operators last asked of each worker: to drain, or to resume. The order is removed together with the worker's
 * entry in the registry. A worker that finds no order stays as it is, so a Redis that has lost its data resumes nobody.
 */
import { INTAKE_ORDERS, type IntakeOrder } from '../../domain/intake-state.ts';
import { indexKeys, WAKE_CHANNELS } from '../keys.ts';
import type { RunScript } from '../scripts.ts';

/** An older version removes a worker without its order. So Redis removes all orders this long after the last one. */
const KEPT_MS = 30 * 24 * 3_600_000;

export type IntakeOrders = ReturnType<typeof createIntakeOrders>;

export function createIntakeOrders({ run }: { run: RunScript }) {
  return {
    /** Returns false if the worker is not registered. */
    async give(worker: string, order: IntakeOrder): Promise<boolean> {
      const args = [worker, order, KEPT_MS, WAKE_CHANNELS.order];
      return (await run('order-worker', [indexKeys.workers, indexKeys.orders], args)) === 1;
    },
  };
}

/** Null: no order, or one that only a newer version knows. */
export function readOrder(text: unknown): IntakeOrder | null {
  return INTAKE_ORDERS.find((order) => order === text) ?? null;
}
