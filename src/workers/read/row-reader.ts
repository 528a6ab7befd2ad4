/**
 * From a row's reference to what a lane takes: bytes, or the path of a local file that it may open. Every
 * failure is the row's own (G3). Knows nothing of queues, batches or models.
 */
import { locateRow } from '../../shared/dataset/locate.ts';
import type { RowLocation } from '../../shared/dataset/source.ts';
import type { DatasetSpec } from '../../shared/domain/dataset-spec.ts';
import type { RowError, RowRef } from '../../shared/domain/row.ts';
import { ForebayError, messageOf, type ErrorCode } from '../../shared/errors.ts';
import type { LaneInput } from '../lane/messages.ts';
import { readBlob } from './read-blob.ts';
import { createFileChecker } from './check-file.ts';

/** `bytes`: size of the row's payload, whoever opens it, for the in-flight budget. */
export type RowRead =
  | { readonly ok: true; readonly input: LaneInput; readonly bytes: number }
  | { readonly ok: false; readonly error: RowError };

export interface RowReader {
  /** Rejects only with the signal's reason, when aborted. */
  read(spec: DatasetSpec, ref: RowRef, signal: AbortSignal): Promise<RowRead>;
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
  const checkFile = createFileChecker({ inputRoots, maxFileBytes });

  async function open(location: RowLocation, signal: AbortSignal): Promise<RowRead> {
    switch (location.kind) {
      case 'invalid':
        return failed('invalid_row', location.reason);
      case 'file': {
        const { path, size } = await checkFile(location.path);
        return { ok: true, input: { path }, bytes: size };
      }
      case 'url':
        return ofBytes(await fetchBytes(location.url, signal));
      case 'blob':
        if (location.length > maxFileBytes) {
          return failed('file_too_large', `${location.length} bytes; the limit is ${maxFileBytes}`);
        }
        return ofBytes(await readBlob(location));
    }
  }

  return {
    async read(spec, ref, signal) {
      signal.throwIfAborted();
      try {
        return await open(locateRow(spec, ref), signal);
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

function failed(code: ErrorCode, message: string): RowRead {
  return { ok: false, error: { code, message } };
}
