/**
 * Which blocks of a job are in which state, as ranges. There are few ranges, because only the blocks in the window
 * differ.
 */
import type { Redis } from 'ioredis';
import { isTerminal, type JobStatus } from '../../domain/job/job-state.ts';
import { blockRanges, type BlockMap, type BlockState } from '../../domain/block-ranges.ts';
import { readFilePlan } from '../jobs/job-record.ts';
import { jobKeys } from '../keys.ts';

/** 8 million blocks. If a larger job has ended early, the rest counts as not run. */
const MOST_BITMAP_BYTES = 1024 * 1024;

export async function readBlockMap(redis: Redis, job: string): Promise<BlockMap> {
  const keys = jobKeys(job);
  // One transaction, so that no commit comes between two of the answers.
  const replies = await redis
    .multi()
    .hmget(keys.job, 'next_block', 'status', 'done', 'file_plan')
    .hkeys(keys.window)
    .hkeys(keys.runs)
    .hgetall(keys.attempts)
    .exec();
  const [fields, window, runs, attempts] = replies!.map(([error, value]) => {
    if (error) throw error;
    return value;
  }) as [(string | null)[], string[], string[], Record<string, string>];
  const [next, status, done, plan] = fields;
  // Tasks that write files follow the blocks.
  const read = readFilePlan(plan)?.blocks ?? Number(next ?? 0);
  if (isTerminal(status as JobStatus)) {
    // Blocks that were given up have left the window.
    const isWhole = Number(done ?? 0) === read;
    const bitmap = isWhole ? null : await redis.getrangeBuffer(keys.committed, 0, MOST_BITMAP_BYTES - 1);
    return { read, ranges: blockRanges(read, bitmap === null ? [] : notRun(bitmap, read)) };
  }
  const running = new Set(runs);
  const states = window
    .map((block) => [Number(block), stateOf(running.has(block), Number(attempts[block] ?? 0))] as const)
    .filter(([block]) => block < read)
    .sort(([a], [b]) => a - b);
  return { read, ranges: blockRanges(read, states) };
}

/** `begun`: how many runs of the block have started. */
function stateOf(isRunning: boolean, begun: number): BlockState {
  if (begun > (isRunning ? 1 : 0)) return 'retrying';
  return isRunning ? 'running' : 'queued';
}

function* notRun(committed: Buffer, read: number): Generator<readonly [number, BlockState]> {
  for (let block = 0; block < read; block++) {
    const isCommitted = ((committed[block >> 3] ?? 0) & (0x80 >> (block & 7))) !== 0;
    if (!isCommitted) yield [block, 'not_run'];
  }
}
