/** The numbers that a job runs with, and why each was chosen. */
import type { JobWire } from '../../src/api/http/wire/job.ts';
import type { WorkerWire } from '../../src/api/http/wire/overview.ts';
import type { JobStatsWire } from '../../src/api/http/wire/stats.ts';
import { count } from '../format.ts';

export interface Chosen {
  readonly name: string;
  readonly value: string;
  readonly why: string;
}

/** `live`: all workers, with the reasons for the numbers that they chose. */
export function chosenNumbers(
  { options }: Pick<JobWire, 'options'>,
  stats: Pick<JobStatsWire, 'workers' | 'queue'> | null,
  live: readonly Pick<WorkerWire, 'id' | 'lanes' | 'threads'>[],
): Chosen[] {
  const serving = stats?.workers ?? [];
  const { batch_size: asked, concurrency } = options;
  const sizes = [...new Set(serving.map((worker) => worker.batch_size))].toSorted((a, b) => a - b);
  const batch =
    asked === null
      ? { value: sizes.map(count).join(', ') || '–', why: 'the job leaves it to the workers' }
      : { value: count(asked), why: 'the job asks for it' };
  const workers = live.filter(({ id }) => serving.some((worker) => worker.id === id));
  const chosen = [
    { name: 'most rows per model call', ...batch },
    {
      name: 'rows per block',
      value: count(options.block_rows),
      why: 'fixed when the job was submitted, so that its parts stay the same',
    },
    concurrency === null
      ? {
          name: 'blocks at once',
          value: count(stats?.queue.limit),
          why: 'at most: the slots of its queue, which jobs of the same model share',
        }
      : { name: 'blocks at once', value: count(concurrency), why: 'the job asks for it' },
    ...workers.flatMap(({ lanes }) => (lanes ? [named('lanes of a worker', lanes)] : [])),
    ...workers.flatMap(({ threads }) => (threads ? [named('threads per model call', threads)] : [])),
  ];
  // Workers on the same kind of machine choose the same numbers.
  return [...new Map(chosen.map((one) => [one.name + one.value + one.why, one])).values()];
}

function named(name: string, { value, why }: { readonly value: number; readonly why: string }): Chosen {
  return { name, value: count(value), why };
}
