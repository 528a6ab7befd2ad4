/**
 * Sorts more strings than memory should hold. It writes sorted runs to a temporary file and merges them while reading.
 * Records are Latin-1 strings without `/`, which separates them in the file.
 */
import { mkdir, open, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';

export interface Sorter {
  add(record: string): Promise<void>;
  /** All records in code-unit order. Call it once, after the last `add`. */
  sorted(): AsyncGenerator<string>;
  /** Frees the temporary file. Always call it. */
  close(): Promise<void>;
}

interface Run {
  readonly start: number;
  readonly end: number;
}

/** Bytes that the reader of each run holds. 200 runs (10 million names) take 6 MB. */
const READ_BYTES = 32 * 1024;
const SEPARATOR = '/';

export function createSorter({ dir, maxInMemory }: { dir: string; maxInMemory: number }): Sorter {
  let records: string[] = [];
  let file: FileHandle | null = null;
  let size = 0;
  const runs: Run[] = [];

  async function spill(): Promise<void> {
    file ??= await openUnlinked(dir);
    const bytes = Buffer.from(records.sort().join(SEPARATOR) + SEPARATOR, 'latin1');
    await writeAll(file, bytes, size);
    runs.push({ start: size, end: size + bytes.length });
    size += bytes.length;
    records = [];
  }

  return {
    async add(record) {
      if (records.length >= maxInMemory) await spill();
      records.push(record);
    },
    async *sorted() {
      if (file === null) {
        yield* records.sort();
        return;
      }
      if (records.length > 0) await spill();
      yield* merge(file, runs);
    },
    async close() {
      records = [];
      await file?.close();
      file = null;
    },
  };
}

/** A temporary file without a name, so that nothing remains however the process ends. */
async function openUnlinked(dir: string): Promise<FileHandle> {
  await mkdir(dir, { recursive: true });
  const path = join(dir, `forebay-sort-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

interface Head {
  /** Records in memory. `records[next]` is the smallest record of the run that has not been yielded. */
  records: string[];
  next: number;
  /** The position in the file where the run continues. */
  position: number;
  readonly end: number;
  /** The start of a record that the last read cut in two. */
  rest: string;
}

async function* merge(file: FileHandle, runs: readonly Run[]): AsyncGenerator<string> {
  const heap: Head[] = [];
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  for (const run of runs) {
    const head: Head = { records: [], next: 0, position: run.start, end: run.end, rest: '' };
    if (await refill(file, head, buffer)) heap.push(head);
  }
  heap.sort((a, b) => (top(a) < top(b) ? -1 : 1));
  while (heap.length > 0) {
    const head = heap[0]!;
    yield top(head);
    head.next++;
    if (head.next === head.records.length && !(await refill(file, head, buffer))) {
      const last = heap.pop()!;
      if (heap.length === 0) return;
      heap[0] = last;
    }
    siftDown(heap);
  }
}

function top(head: Head): string {
  return head.records[head.next]!;
}

/** Reads more records. Returns false at the end of the run. */
async function refill(file: FileHandle, head: Head, buffer: Buffer): Promise<boolean> {
  head.next = 0;
  head.records = [];
  while (head.records.length === 0 && head.position < head.end) {
    const want = Math.min(READ_BYTES, head.end - head.position);
    const { bytesRead } = await file.read(buffer, 0, want, head.position);
    if (bytesRead === 0) throw new Error('the temporary sort file was cut short');
    head.position += bytesRead;
    const parts = (head.rest + buffer.toString('latin1', 0, bytesRead)).split(SEPARATOR);
    head.rest = parts.pop()!;
    head.records = parts;
  }
  return head.records.length > 0;
}

/** Restores the order of the heap after its first head has advanced. */
function siftDown(heap: Head[]): void {
  const moved = heap[0]!;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && top(heap[child + 1]!) < top(heap[child]!)) child++;
    if (top(moved) <= top(heap[child]!)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = moved;
}
