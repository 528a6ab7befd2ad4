/** The messages between a worker's main thread and its compaction thread. `id`: of a task. */
import type { JobSpec } from '../../../shared/domain/job/job.ts';
import type { FileTask } from '../../../shared/domain/job/compaction.ts';
import { ForebayError, messageOf, type ErrorCode } from '../../../shared/errors.ts';
import type { StoresOptions } from '../../../shared/stores/stores.ts';
import type { WrittenFiles } from '../write-files.ts';

export interface ThreadStart {
  readonly stores: StoresOptions;
  /** A folder of this machine, for rows that are being sorted. */
  readonly spillFolder: string;
}

export interface TaskToWrite {
  readonly spec: JobSpec;
  readonly task: FileTask;
  /** The token of the run. */
  readonly token: string;
}

export type ToThread =
  | { readonly type: 'write'; readonly id: number; readonly files: TaskToWrite }
  /** The answer to a question. */
  | { readonly type: 'permit'; readonly id: number; readonly may: boolean }
  | { readonly type: 'permit_failed'; readonly id: number; readonly error: SentError }
  | { readonly type: 'abort'; readonly id: number };

export type FromThread =
  /** May the run publish? A task asks one question at a time. */
  | { readonly type: 'permit'; readonly id: number }
  | { readonly type: 'written'; readonly id: number; readonly written: WrittenFiles | null }
  | { readonly type: 'failed'; readonly id: number; readonly error: SentError };

/** An error as data, because an Error that is sent to another thread loses its class and its code. */
export interface SentError {
  readonly message: string;
  /** Of Forebay. */
  readonly code: ErrorCode | null;
  /** Of Node.js, such as `ENOSPC`. */
  readonly errno: string | null;
}

export function toSent(error: unknown): SentError {
  const isOwn = error instanceof ForebayError;
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return {
    message: isOwn ? error.message : messageOf(error),
    code: isOwn ? error.code : null,
    errno: !isOwn && typeof code === 'string' ? code : null,
  };
}

export function fromSent({ message, code, errno }: SentError): Error {
  if (code !== null) return new ForebayError(code, message);
  return Object.assign(new Error(message), errno === null ? {} : { code: errno });
}
