/**
 * From a block's rows to their outcomes: all at once, in batches with rows of other blocks; or, where an earlier
 * run of the block died without a word, one by one, each written down before it begins (INV-6).
 */
import type { RowOutcome, RowRef } from '../../shared/domain/row.ts';
import { atRow, type RowJournal } from '../../shared/domain/row-journal.ts';
import type { BegunRun } from '../../shared/queue/block-runs.ts';
import type { JobWindow } from '../../shared/queue/job-window.ts';
import type { Batcher, BatchGroup } from '../intake/batcher.ts';
import type { BudgetedRead, BudgetedReader } from '../intake/read/budgeted-reader.ts';
import type { RunStats } from './run-stats.ts';
import { createSemaphore } from '../intake/semaphore.ts';

export interface BlockToCompute {
  readonly job: string;
  readonly block: number;
  readonly token: string;
  readonly run: BegunRun;
  readonly group: BatchGroup;
  readonly stats: RunStats;
  readonly abort: AbortController;
}

export function createBlockComputer(deps: {
  window: Pick<JobWindow, 'noteRow'>;
  reader: BudgetedReader;
  batcher: Batcher;
}) {
  const { window, reader, batcher } = deps;
  /** One row of such a block at a time in this worker: a death must point at one row, not at one of each block. */
  const turn = createSemaphore(1);

  /**
   * A row that the batcher expects. By callbacks: a promise for each of thousands of small rows a second costs 2 us and
   * half a kilobyte.
   */
  function computeRow(
    { run, group, abort, stats }: BlockToCompute,
    row: RowRef,
    settle: (outcome: RowOutcome) => void,
    fail: (error: unknown) => void,
  ): void {
    function submit(read: BudgetedRead): void {
      if (!read.ok) {
        batcher.callOff(group);
        settle({ ok: false, error: read.error });
        return;
      }
      stats.fetched(read);
      batcher.submit(group, read.input, (answer) => {
        read.release();
        stats.answered(answer);
        settle(answer.outcome);
      });
    }

    const reading = reader.read(run.spec, row, abort);
    if (reading instanceof Promise) {
      reading.then(submit, (error: unknown) => {
        batcher.callOff(group);
        fail(error);
      });
    } else submit(reading);
  }

  async function computeTogether(block: BlockToCompute): Promise<RowOutcome[]> {
    const { rows } = block.run.block;
    batcher.expect(block.group, rows.length);
    return new Promise((resolve, reject) => {
      const outcomes = Array.from<RowOutcome>({ length: rows.length });
      let left = rows.length;
      for (const [i, row] of rows.entries()) {
        const settle = (outcome: RowOutcome) => {
          outcomes[i] = outcome;
          left -= 1;
          if (left === 0) resolve(outcomes);
        };
        computeRow(block, row, settle, reject);
      }
    });
  }

  async function note({ job, block, token }: BlockToCompute, journal: RowJournal): Promise<void> {
    if (await window.noteRow(job, block, token, journal)) return;
    throw new Error('another run of the block has taken over');
  }

  async function computeOneByOne(block: BlockToCompute): Promise<RowOutcome[]> {
    const { journal, block: rows } = block.run;
    const outcomes: RowOutcome[] = [];
    for (const [i, row] of rows.rows.entries()) {
      if (journal.killers.includes(i)) {
        outcomes.push(KILLER);
        continue;
      }
      const outcome = await turn.use(async () => {
        await note(block, atRow(journal, i));
        batcher.expect(block.group, 1);
        const done = await new Promise<RowOutcome>((settle, fail) => computeRow(block, row, settle, fail));
        await note(block, atRow(journal, null));
        return done;
      });
      outcomes.push(outcome);
    }
    return outcomes;
  }

  /** One outcome a row, in order. Rejects on abort, and where another run has taken over. */
  return async function compute(block: BlockToCompute): Promise<RowOutcome[]> {
    return block.run.died > 0 ? computeOneByOne(block) : computeTogether(block);
  };
}

const KILLER: RowOutcome = {
  ok: false,
  error: {
    code: 'worker_crashed',
    message: 'Workers died each time they began this row, so it is not tried again.',
  },
};
