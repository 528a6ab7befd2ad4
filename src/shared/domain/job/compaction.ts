/**
 * How the parts of a job become larger files at its end (docs/adr/0036). This happens only if all its rows are finished
 * and it has not failed.
 */
import { z } from 'zod';
import { RESULT_COLUMN } from './part-format.ts';

/** The limits of a request. */
export const MAX_FILES = 100_000;
export const MAX_FILE_MB = 100_000;

export const COMPACTION = z.object({
  size: z.union([z.object({ files: z.int().min(1) }), z.object({ file_mb: z.int().min(1) })]),
  /** The column whose values name folders. Absent: all files are in the output itself. */
  partition_by: RESULT_COLUMN.optional(),
  /**
   * The number of the job's first file. Only a retry has it. Its files follow those of the earlier jobs, which stay as
   * they are.
   */
  first_file: z.int().min(0).optional(),
});
export type Compaction = Readonly<z.infer<typeof COMPACTION>>;
export type FileSize = Compaction['size'];

/** Whether a job adds files to those of earlier jobs. Only a retry does. */
export function addsFiles({ compact }: { readonly compact?: Compaction | undefined }): boolean {
  return compact?.first_file !== undefined;
}

/** The number of the job's first file. Files with lower numbers belong to earlier jobs. */
export function firstFile({ compact }: { readonly compact?: Compaction | undefined }): number {
  return compact?.first_file ?? 0;
}

/** The size if a request asks only for partitions. */
export const DEFAULT_FILE_SIZE: FileSize = { file_mb: 128 };

/** What a request says about files. At least one of the two is set. */
export interface AskedFiles {
  readonly size?: FileSize;
  /** The name of a column. */
  readonly partition_by?: string;
}

/** The plan of a job, fixed when its last block is committed. */
export const FILE_PLAN = z.object({
  /** The job's blocks. Tasks take the block numbers after them. */
  blocks: z.int().min(1),
  /** The number of tasks. Each writes a file, or with partitions a file per value. */
  tasks: z.int().min(1),
});
export type FilePlan = Readonly<z.infer<typeof FILE_PLAN>>;

/** `blocks`: those of the job. `bytes`: of their parts. */
export function planFiles({ size }: Compaction, blocks: number, bytes: number): FilePlan {
  const wanted = 'files' in size ? size.files : Math.ceil(bytes / (size.file_mb * 1_000_000));
  return { blocks, tasks: Math.max(1, Math.min(wanted, blocks)) };
}

/** Writes the rows of consecutive parts to files. */
export interface FileTask {
  /** The number in the names of the files. */
  readonly file: number;
  /** The first block, and the one after the last. */
  readonly first: number;
  readonly end: number;
}

/**
 * Blocks have about the same size, so all tasks get the same number of them, or one more. `task`: counted from 0.
 * `first`: the number of the job's first file.
 */
export function fileTask({ blocks, tasks }: FilePlan, task: number, first = 0): FileTask {
  const firstOf = (at: number) => Math.floor((at * blocks) / tasks);
  return { file: first + task, first: firstOf(task), end: firstOf(task + 1) };
}
