/** Prepares made-up rows, none of which may fail. */
import { ForebayError } from '../../../shared/errors.ts';
import type { TaskBatch, TaskInput } from '../tasks/task.ts';

/** Throws the error of the first row that fails. */
export async function prepareAll(batch: TaskBatch, rows: readonly TaskInput[]): Promise<void> {
  const errors = await Promise.all(rows.map(async (row, at) => batch.prepare(at, row)));
  for (const error of errors) if (error !== null) throw new ForebayError(error.code, error.message);
}
