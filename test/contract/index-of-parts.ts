// What every Output owes to the index of parts: files with sizes in order, and segments that may be added twice.
import { expect } from 'vitest';
import type { Output } from '#forebay/shared/storage/output.js';
import { indexName } from '#forebay/shared/storage/output-names.js';
import { addRecords, openPartIndex } from '#forebay/shared/storage/part-index/part-index.js';
import { partRecordOf } from '#forebay/shared/storage/part-index/part-record-of.js';

const facts = { succeeded: 2, failed: 0, bytes: 70, sha256: 'a'.repeat(64), errors: null };

const recordOfPart = (part: number) =>
  partRecordOf(part, { firstRow: 2 * part, rows: [{ id: 'a' }, { id: 'b' }] }, facts);

/** `output`: an empty one. `put` writes a file behind its back. */
export async function expectIndexOfParts(
  output: Output,
  [job, other]: readonly [string, string],
  { put }: { readonly put: (url: string, text: string) => Promise<void> },
): Promise<void> {
  const some = [2, 0, 1025].map(recordOfPart);
  await addRecords(output, { job, model: 'm' }, some);
  await addRecords(output, { job, model: 'm' }, some);
  await addRecords(output, { job, model: 'm' }, [...some.slice(1), recordOfPart(1)]);
  await addRecords(output, { job: other, model: 'm' }, [recordOfPart(3)]);
  await put(output.pathOf(indexName(job, 0, 'c'.repeat(64))), '{"v":1,"job":"not whole');
  const index = openPartIndex(output, job);
  expect([...(await index.group(0)).keys()].toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
  expect(await index.of(1025)).toEqual(recordOfPart(1025));
  expect(await index.of(3)).toBeNull();

  await put(output.pathOf('part-00000001.jsonl'), 'two');
  await put(output.pathOf('part-00000000.jsonl'), 'a');
  const listed: unknown[] = [];
  for await (const file of output.list('part-')) listed.push(file);
  expect(listed).toEqual([
    { name: 'part-00000000.jsonl', bytes: 1 },
    { name: 'part-00000001.jsonl', bytes: 3 },
  ]);
}
