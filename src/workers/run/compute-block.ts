/**
 * Turns a block's rows into their outcomes. Usually all rows go at once, in batches that they share with rows of other
 * blocks. If an earlier run of the block died without a report, they go one by one, and each is recorded before it starts
 * (INV-6).
 */
import { isSlice, type BlockRows, type BlockSlice } from '../../shared/domain/block.ts';
import type { RowOutcome, RowRef } from '../../shared/domain/row.ts';
import { atRow, type RowJournal } from '../../shared/domain/row-journal.ts';
import type { BegunRun } from '../../shared/queue/blocks/block-runs.ts';
import type { JobWindow } from '../../shared/queue/blocks/job-window.ts';
import type { BatchGroup } from '../intake/batch-group.ts';
import type { Batcher } from '../intake/batcher.ts';
import type { BudgetedRead, BudgetedReader } from '../intake/read/budgeted-reader.ts';
import type { RowsOf } from '../intake/read/row-reader.ts';
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

/** The rows of a block with their ids, and one outcome per row, in order. */
export interface Computed {
  readonly rows: BlockRows;
  readonly outcomes: readonly RowOutcome[];
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
    { group, stats }: BlockToCompute,
    reading: BudgetedRead | Promise<BudgetedRead>,
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

    if (reading instanceof Promise) {
      reading.then(submit, (error: unknown) => {
        batcher.callOff(group);
        fail(error);
      });
    } else submit(reading);
  }

  async function computeListed(block: BlockToCompute, listed: BlockRows): Promise<Computed> {
    const { rows } = listed;
    const from = rowsOf(block);
    batcher.expect(block.group, rows.length);
    return new Promise((resolve, reject) => {
      const outcomes = Array.from<RowOutcome>({ length: rows.length });
      let left = rows.length;
      for (const [i, row] of rows.entries()) {
        const settle = (outcome: RowOutcome) => {
          outcomes[i] = outcome;
          left -= 1;
          if (left === 0) resolve({ rows: listed, outcomes });
        };
        computeRow(block, reader.read(from, row, block.abort), settle, reject);
      }
    });
  }

  /** Rows of a slice go as they are read. */
  async function computeSlice(block: BlockToCompute, slice: BlockSlice): Promise<Computed> {
    const rows: RowRef[] = [];
    const outcomes = Array.from<RowOutcome>({ length: slice.count });
    const chunks: Promise<void>[] = [];
    batcher.expect(block.group, slice.count);
    try {
      for await (const chunk of reader.readSlice(rowsOf(block), slice, block.abort)) {
        const first = rows.length;
        for (const { id } of chunk.rows) rows.push({ id });
        const done = new Promise<void>((resolve, reject) => {
          let left = chunk.rows.length;
          for (const [i, row] of chunk.rows.entries()) {
            const settle = (outcome: RowOutcome) => {
              outcomes[first + i] = outcome;
              left -= 1;
              if (left === 0) resolve();
            };
            computeRow(block, row.read(), settle, reject);
          }
        });
        chunks.push(done.finally(() => chunk.release()));
      }
    } catch (error) {
      for (let missing = slice.count - rows.length; missing > 0; missing--) batcher.callOff(block.group);
      await Promise.allSettled(chunks);
      throw error;
    }
    await Promise.all(chunks);
    return { rows: { firstRow: slice.firstRow, rows }, outcomes };
  }

  async function note({ job, block, token }: BlockToCompute, journal: RowJournal): Promise<void> {
    if (await window.noteRow(job, block, token, journal)) return;
    throw new Error('another run of the block has taken over');
  }

  async function computeOneByOne(block: BlockToCompute): Promise<Computed> {
    const { journal, block: content } = block.run;
    const rows: RowRef[] = [];
    const outcomes: RowOutcome[] = [];
    const computeNext = async (row: RowRef, read: () => BudgetedRead | Promise<BudgetedRead>) => {
      const i = rows.push(row) - 1;
      outcomes.push(
        journal.killers.includes(i)
          ? KILLER
          : await journaled.use(async () => {
              await note(block, atRow(journal, i));
              batcher.expect(block.group, 1);
              const done = await new Promise<RowOutcome>((settle, fail) =>
                computeRow(block, read(), settle, fail),
              );
              await note(block, atRow(journal, null));
              return done;
            }),
      );
    };
    const from = rowsOf(block);
    if (isSlice(content)) {
      for await (const chunk of reader.readSlice(from, content, block.abort)) {
        try {
          for (const row of chunk.rows) await computeNext({ id: row.id }, () => row.read());
        } finally {
          chunk.release();
        }
      }
    } else {
      for (const row of content.rows) await computeNext(row, () => reader.read(from, row, block.abort));
    }
    return { rows: { firstRow: content.firstRow, rows }, outcomes };
  }

  /** Rejects on abort, and when another run has taken over. */
  return async function compute(block: BlockToCompute): Promise<Computed> {
    if (block.run.died > 0) return computeOneByOne(block);
    const { block: content } = block.run;
    return isSlice(content) ? computeSlice(block, content) : computeListed(block, content);
  };
}

function rowsOf({ run: { spec }, group }: BlockToCompute): RowsOf {
  return { dataset: spec.dataset, tenant: spec.tenant, input: group.input };
}

const KILLER: RowOutcome = {
  ok: false,
  error: {
    code: 'worker_crashed',
    message: 'Workers died each time they started this row, so it is not tried again.',
  },
};
