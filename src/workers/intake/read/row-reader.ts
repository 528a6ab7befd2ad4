/**
 * Turns a row's reference into the input of a lane: bytes, or the path of a local file that it may open. A failure
 * affects only its row (G3). Knows nothing of queues, batches or models.
 */
import { locateRow } from '../../../shared/datasets/locate.ts';
import type { RowLocation } from '../../../shared/datasets/source.ts';
import type { DatasetSpec } from '../../../shared/domain/dataset-spec.ts';
import type { RowError, RowRef } from '../../../shared/domain/row.ts';
import { ForebayError, messageOf, type ErrorCode } from '../../../shared/errors.ts';
import type { LaneInput } from '../../lane/messages.ts';
import { readBlob } from './read-blob.ts';
import { createRootGuess } from './root-guess.ts';

/** A row to fetch. Its bytes stay in this process until the row is answered. */
type Fetched = Extract<RowLocation, { kind: 'url' | 'blob' }>;

export type RowRead =
  | { readonly ok: true; readonly input: LaneInput; readonly bytes: number }
  | { readonly ok: false; readonly error: RowError };

/** A dataset and its owner: a job's spec, or a sample's. */
export interface RowsOf {
  readonly dataset: DatasetSpec;
  readonly tenant: string;
}

export interface RowReader {
  /**
   * Returns the row if nothing has to be fetched: a lane will open the file, or the reference is bad. Otherwise returns
   * the location to fetch. A path below a root needs no system call here, because the lane checks the file that it opens.
   */
  locate(rows: RowsOf, ref: RowRef): RowRead | { readonly fetch: Fetched };
  /** Rejects only with the signal's reason, when aborted. */
  fetch(location: Fetched, signal: AbortSignal): Promise<RowRead>;
}

export interface RowReaderOptions {
  /** See guarded-fetch.ts. */
  readonly fetchBytes: (url: string, signal: AbortSignal) => Promise<Uint8Array>;
  /** Absolute folders below which local files may be read. */
  readonly inputRoots: readonly string[];
  /** Largest payload, bytes. */
  readonly maxFileBytes: number;
}

export function createRowReader({ fetchBytes, inputRoots, maxFileBytes }: RowReaderOptions): RowReader {
  const liesUnderRoot = createRootGuess(inputRoots);

  async function open(location: Fetched, signal: AbortSignal): Promise<RowRead> {
    if (location.kind === 'url') return ofBytes(await fetchBytes(location.url, signal));
    if (location.length > maxFileBytes) {
      return failed('file_too_large', `${location.length} bytes; the limit is ${maxFileBytes}`);
    }
    return ofBytes(await readBlob(location));
  }

  return {
    locate({ dataset, tenant }, ref) {
      const location = locateRow(dataset, ref);
      if (location.kind === 'invalid') return failed('invalid_row', location.reason);
      if (location.kind !== 'file') return { fetch: location };
      const { path } = location;
      if (liesUnderRoot(path)) return { ok: true, input: { path, tenant }, bytes: 0 };
      const roots = inputRoots.join(', ');
      return failed('path_not_allowed', `${path} is not under an input root (${roots})`);
    },
    async fetch(location, signal) {
      signal.throwIfAborted();
      try {
        return await open(location, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof ForebayError) return failed(error.code, error.message);
        return failed('file_unreadable', messageOf(error));
      }
    },
  };
}

function ofBytes(bytes: Uint8Array): RowRead {
  if (bytes.length === 0) return failed('empty_file', 'no bytes at all');
  return { ok: true, input: { bytes }, bytes: bytes.length };
}

function failed(code: ErrorCode, message: string): RowRead & { ok: false } {
  return { ok: false, error: { code, message } };
}
