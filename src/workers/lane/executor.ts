/** A resident model of a lane, of any kind: rows in, outcomes out. */
import type { OptionValues } from '../../shared/tasks/task-description.ts';
import type { ModelInfo } from './messages.ts';
import type { OpenBatch } from './models/open-batch.ts';

export interface Executor {
  readonly info: ModelInfo;
  /** Opens a batch of this many rows. */
  open(rows: number, options: OptionValues): OpenBatch;
  /** A file of the model that has changed since it was loaded, or null. */
  changedFile(): string | null;
  release(): Promise<void>;
}
