/** The states of a job's blocks. */
import { z } from 'zod';
import { BLOCK_STATES, type BlockMap, type BlockRange } from '../../../shared/domain/block-ranges.ts';
import type { JobRecord } from '../../../shared/domain/job/job.ts';

const COUNT = z.int().min(0);

export const JOB_BLOCKS = z
  .object({
    object: z.literal('blocks'),
    block_rows: z.int().meta({ description: 'Rows of a block. The last one may have fewer.' }),
    total: COUNT.nullable().meta({ description: 'All blocks. Null until the dataset is counted.' }),
    counts: z.record(z.enum(BLOCK_STATES), COUNT).meta({ description: 'Blocks by state.' }),
    ranges: z
      .array(z.object({ from: COUNT, count: COUNT, state: z.enum(BLOCK_STATES) }))
      .meta({ description: 'Blocks of the same state that follow each other, from block 0 on.' }),
  })
  .meta({
    id: 'JobBlocks',
    description:
      'The blocks of a job by state. `done`: committed. `retrying`: a run of it has failed, and it runs or waits again. `not_run`: the job has ended without it. `unread`: the dataset has not been read that far.',
    examples: [
      {
        object: 'blocks',
        block_rows: 64,
        total: 79,
        counts: { done: 19, running: 4, retrying: 0, queued: 12, not_run: 0, unread: 44 },
        ranges: [
          { from: 0, count: 19, state: 'done' },
          { from: 19, count: 4, state: 'running' },
          { from: 23, count: 12, state: 'queued' },
          { from: 35, count: 44, state: 'unread' },
        ],
      },
    ],
  });

export type JobBlocksWire = z.infer<typeof JOB_BLOCKS>;

export function blocksToWire(
  { spec, total: rows, finishedAt }: JobRecord,
  { read, ranges }: BlockMap,
): JobBlocksWire {
  const { block_rows } = spec.options;
  const total = rows === null ? null : Math.max(read, Math.ceil(rows / block_rows));
  const rest = (total ?? read) - read;
  const state = finishedAt === null ? 'unread' : 'not_run';
  const all: BlockRange[] = rest === 0 ? [...ranges] : [...ranges, { from: read, count: rest, state }];
  const counts = Object.fromEntries(BLOCK_STATES.map((name) => [name, 0])) as JobBlocksWire['counts'];
  for (const range of all) counts[range.state] += range.count;
  return { object: 'blocks', block_rows, total, counts, ranges: all.map((range) => ({ ...range })) };
}
