/** Workers of the whole service. Operators can drain them, and resume those that are drained. */
import { z } from 'zod';
import { INTAKE_ORDERS, type IntakeOrder } from '../../../shared/domain/intake-state.ts';
import { ForebayError } from '../../../shared/errors.ts';
import type { Emit } from '../../../shared/observe/events.ts';
import type { IntakeOrders } from '../../../shared/queue/workers/intake-orders.ts';
import type { WorkerInfo, WorkerRegistry } from '../../../shared/queue/workers/worker-registry.ts';
import { workersToWire, workerToWire } from '../../overview/overview-view.ts';
import { mount, type MountTarget } from '../endpoint/mount.ts';
import { WORKER, WORKER_LIST } from '../wire/overview.ts';

export interface WorkersDeps {
  readonly workers: Pick<WorkerRegistry, 'live'>;
  readonly orders: Pick<IntakeOrders, 'give'>;
  readonly emit: Emit;
}

const PARAMS = z.strictObject({
  id: z
    .string()
    .min(1)
    .max(512)
    .meta({ examples: ['host-1.4711.5f0c9e2a'] }),
});

const ABOUT: Readonly<Record<IntakeOrder, { summary: string; description: string }>> = {
  drain: {
    summary: 'Drain a worker',
    description:
      'The worker takes no more blocks and online requests, and finishes those that it holds. Then it waits: it stays alive, and its `/readyz` answers 503. The response does not wait for the worker. `status` in `GET /v1/workers` shows the result.',
  },
  resume: {
    summary: 'Resume a drained worker',
    description:
      'The worker takes blocks and online requests again. The response does not wait for the worker. `status` in `GET /v1/workers` shows the result.',
  },
};

export function mountWorkers(target: MountTarget, { workers, orders, emit }: WorkersDeps): void {
  mount(
    target,
    {
      method: 'get',
      path: '/v1/workers',
      operationId: 'listWorkers',
      tag: 'Operations',
      access: 'service:read',
      summary: 'List live workers',
      success: [{ status: 200, description: 'All workers.', content: { 'application/json': WORKER_LIST } }],
      problems: [],
    },
    async ({ c }) => c.json(workersToWire(await workers.live())),
  );
  for (const order of INTAKE_ORDERS) {
    mount(
      target,
      {
        method: 'post',
        path: `/v1/workers/{id}/${order}`,
        operationId: `${order}Worker`,
        tag: 'Operations',
        access: 'admin',
        ...ABOUT[order],
        params: PARAMS,
        success: [
          { status: 202, description: 'The worker is asked.', content: { 'application/json': WORKER } },
        ],
        problems: ['worker_not_found', 'not_supported'],
      },
      async ({ c, params: { id }, caller }) => {
        const worker = (await workers.live()).find((one) => one.id === id);
        if (worker === undefined) throw workerNotFound(id);
        if (worker.intake === undefined) throw olderWorker(worker);
        if (!(await orders.give(id, order))) throw workerNotFound(id);
        emit('worker.order_given', { worker: id, order, by: caller.key });
        return c.json(workerToWire(worker), 202);
      },
    );
  }
}

function workerNotFound(id: string): ForebayError {
  return new ForebayError(
    'worker_not_found',
    `No live worker has the id "${id}". List the workers to see their ids.`,
  );
}

function olderWorker({ id, host, pid }: WorkerInfo): ForebayError {
  return new ForebayError(
    'not_supported',
    `Worker "${id}" is of an older version, which cannot be drained over HTTP. To drain and end it, send SIGTERM to process ${pid} on ${host}.`,
  );
}
