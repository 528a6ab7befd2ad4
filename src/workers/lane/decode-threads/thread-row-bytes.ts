/**
 * The encoded bytes of a decode thread's rows. A thread holds one row at a time. It waits with a file until the budget
 * that the threads of its lane share has room for it.
 */
import { stampOf, type FileStamp } from '../../../shared/files/file-version.ts';
import type { FileLimits } from '../../../shared/files/row-limits.ts';
import { checkRowSize } from '../../../shared/rows/check-row-size.ts';
import { createFileOpener } from '../../../shared/rows/open-file.ts';
import { checkContent, noteOpened } from '../rows/check-content.ts';
import { readFile, type EncodedRow, type RowBytes } from '../rows/row-bytes.ts';
import type { SharedBudget } from './shared-budget.ts';

export interface ThreadRowBytes extends Pick<RowBytes, 'use'> {
  /** Bytes read since the last call. */
  takeBytes(): number;
}

export function createThreadRowBytes(limits: FileLimits, held: SharedBudget): ThreadRowBytes {
  let holding = 0;
  let readBytes = 0;
  let opened: FileStamp | undefined;
  const openFile = createFileOpener(limits, (file) => {
    held.acquire(file.size);
    holding = file.size;
    opened = stampOf(file, Date.now());
  });

  function read(row: EncodedRow): Uint8Array {
    // A copy, because a library may refuse shared memory. A new one for each row, because the library may read it after
    // the call.
    const bytes = 'bytes' in row ? row.bytes.slice() : readFile(row, openFile);
    checkRowSize(bytes.length, limits.maxFileBytes);
    noteOpened(row, opened);
    readBytes += bytes.length;
    checkContent(row, bytes);
    return bytes;
  }

  return {
    async use(row, work) {
      try {
        return await work(read(row));
      } finally {
        if (holding > 0) held.release(holding);
        holding = 0;
      }
    },
    takeBytes() {
      const taken = readBytes;
      readBytes = 0;
      return taken;
    },
  };
}
