// The memory of a range's lines, which is used again when both their reader and their user have finished with it.
import { expect, it } from 'vitest';
import type { ByteFile } from '#forebay/shared/datasets/bytes/byte-file.js';
import { rawLines } from '#forebay/shared/datasets/lines/raw-lines.js';
import { rowMemory } from '#forebay/shared/process/row-memory.js';

const NEVER = new AbortController().signal;

function fileOf(bytes: Buffer): ByteFile {
  return {
    name: 'rows.jsonl',
    size: bytes.length,
    version: '1',
    read: async (into, position) => bytes.copy(into, 0, position),
    close: async () => {},
  };
}

/** What another block may do at any time. */
function useMemory(bytes: number): void {
  const other = rowMemory.take(bytes);
  other.fill(0);
  rowMemory.giveBack(other);
}

/** A bit more than three reads. No line ends where a read does. */
const CONTENT = Buffer.from(
  Array.from({ length: 32_000 }, (_, at) => `line ${at} ${'x'.repeat(90)}\n`).join(''),
);

it.each([
  ['at once', true],
  ['never', false],
])('lines of a range are whole if their memory is recycled %s', async (_, recycles) => {
  const range = { from: 0, to: CONTENT.length, line: 1 };
  const found: Buffer[] = [];
  const memory = new Set<ArrayBufferLike>();
  for await (const lines of rawLines(fileOf(CONTENT), range, 10_000, NEVER)) {
    const { bytes } = lines.copy()!;
    found.push(Buffer.from(bytes));
    memory.add(bytes.buffer);
    if (recycles) lines.recycle();
    useMemory(bytes.buffer.byteLength);
  }
  expect(Buffer.concat(found).equals(CONTENT)).toBe(true);
  expect(memory.size < found.length).toBe(recycles);
});
