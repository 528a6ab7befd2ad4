/** Finds workers by host, process, pool, state, and the names and states of their models. */
import type { WorkerWire } from '../../src/api/http/wire/overview.ts';

type Found = Pick<WorkerWire, 'host' | 'pid' | 'pool' | 'status'> & {
  readonly models: readonly Pick<WorkerWire['models'][number], 'name' | 'status'>[];
};

/** Every word of the text must occur in the worker's fields. Upper and lower case are the same. */
export function findWorkers<W extends Found>(workers: readonly W[], text: string): W[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return workers.filter(({ host, pid, pool, status, models }) => {
    const names = models.flatMap((model) => [model.name, model.status]);
    const whole = [host, pid, pool, status, ...names].join(' ').toLowerCase();
    return words.every((word) => whole.includes(word));
  });
}
