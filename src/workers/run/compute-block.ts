/**
 * Turns a block's rows into their outcomes. Usually all rows go at once, in batches that they share with rows of other
 * blocks. If an earlier run of the block died without a report, they go one by one, and each is recorded before it starts
 * (INV-6).
 */
import type { RowOutcome, RowRef } from '../../shared/domain/row.ts';
import { atRow, type RowJournal } from '../../shared/domain/row-journal.ts';
import type { BegunRun } from '../../shared/queue/block-runs.ts';
import type { JobWindow } from '../../shared/queue/job-window.ts';
import type { BatchGroup } from '../intake/batch-group.ts';
import type { Batcher } from '../intake/batcher.ts';
import type { BudgetedRead, BudgetedReader } from '../intake/read/budgeted-reader.ts';
import { createSemaphore } from '../intake/semaphore.ts';
import type { RunStats } from './run-stats.ts';

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
  /** One journaled row at a time per worker, so that a death points to one row, not to one per block. */
  const journaled = createSemaphore(1);

  /** Computes a row that the batcher expects. Takes callbacks, because a promise per small row costs too much. */
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
      const outcome = await journaled.use(async () => {
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

  /** One outcome per row, in order. Rejects on abort, and when another run has taken over. */
  return async function compute(block: BlockToCompute): Promise<RowOutcome[]> {
    return block.run.died > 0 ? computeOneByOne(block) : computeTogether(block);
  };
}

const KILLER: RowOutcome = {
  ok: false,
  error: {
    code: 'worker_crashed',
    message: 'Workers died each time they started this row, so it is not tried again.',
  },
};
