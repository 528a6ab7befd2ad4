import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FOLDER_OUTPUTS } from '#forebay/shared/storage/outputs.js';
import { createFailedSource } from '#forebay/shared/datasets/failed/failed-source.js';
import { locateRow } from '#forebay/shared/datasets/locate.js';
import { openDataset } from '#forebay/shared/datasets/open-dataset.js';
import { invalidReason } from '#forebay/shared/datasets/row-reference.js';
import type { DatasetSource, SourceRow } from '#forebay/shared/datasets/source.js';
import type { Cursor, GivenDataset } from '#forebay/shared/domain/dataset-spec.js';
import { decodeBlock, encodeBlock, listedRows, rowIndex } from '#forebay/shared/domain/block.js';
import { errorLine } from '#forebay/shared/sinks/error-line.js';
import { errorsName } from '#forebay/shared/storage/output-names.js';

const signal = new AbortController().signal;
let folder: string;
let manifest: GivenDataset;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'failed-'));
  const rows = Array.from({ length: 20 }, (_, i) => JSON.stringify({ id: `row-${i}`, uri: `${i}.png` }));
  writeFileSync(join(folder, 'rows.txt'), `${rows.join('\n\n')}\n`);
  manifest = { type: 'manifest', path: join(folder, 'rows.txt'), base: folder };
  const failed = (
    block: number,
    indices: number[],
    code: 'decode_failed' | 'invalid_row' = 'decode_failed',
  ) =>
    writeFileSync(
      join(folder, errorsName(block)),
      indices.map((i) => errorLine(i, `row-${i}`, { code, message: 'why' })).join(''),
    );
  failed(0, [1]);
  failed(2, [8, 9, 11]);
  failed(4, [19], 'invalid_row');
  // This file belongs to a later job.
  failed(5, [8]);
});
afterAll(() => rmSync(folder, { recursive: true }));

const open = (of: GivenDataset, first = 0, end = 5) =>
  openDataset({ type: 'failed', folder, first, end, of });
async function read(source: DatasetSource, from: Cursor | null = null): Promise<SourceRow[]> {
  const rows: SourceRow[] = [];
  for await (const row of source.read(from, signal)) rows.push(row);
  return rows;
}

describe('the failed rows of an output', () => {
  it('are the rows in its errors files, in order, with their index and position in the manifest', async () => {
    const source = open(manifest);
    const rows = await read(source);
    expect(rows.map(({ row }) => [row.index, row.id, row.at])).toEqual(
      [1, 8, 9, 11, 19].map((i) => [i, `row-${i}`, `${i}.png`]),
    );
    expect(await source.count(Infinity, signal)).toBe(5);
    expect(await source.count(2, signal)).toBe(2);
    for (const [i, { cursor }] of rows.entries()) {
      expect(await read(source, cursor)).toEqual(rows.slice(i + 1));
    }
  });

  it('are located by their ids if the ids are URLs', async () => {
    const rows = await read(open({ type: 'urls', spool: '/nowhere' }, 2));
    expect(rows.map(({ row }) => row)).toEqual([8, 9, 11, 19].map((i) => ({ id: `row-${i}`, index: i })));
  });

  it('are read again after an invalid content, but not if the reference itself is invalid', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'failed-'));
    try {
      const files: GivenDataset = { type: 'files', root: join(dir, 'in'), include: [], exclude: [] };
      const urls: GivenDataset = { type: 'urls', spool: '/nowhere' };
      mkdirSync(files.root);
      writeFileSync(Buffer.concat([Buffer.from(`${files.root}/caf`), Buffer.from([0xe9])]), 'x');
      const [badName] = await read(openDataset(files));
      const invalid = (index: number, id: string, message: string) =>
        errorLine(index, id, { code: 'invalid_row', message });
      const located = async (of: GivenDataset, ...lines: string[]) => {
        writeFileSync(join(dir, errorsName(0)), lines.join(''));
        const spec = { type: 'failed', folder: dir, first: 0, end: 1, of } as const;
        return (await read(openDataset(spec))).map(({ row }) => locateRow(spec, row));
      };
      const reason = invalidReason(badName!.row)!;
      const tooLong = 'the sound lasts 40 s; the limit is "max_seconds" 30';
      expect(await located(files, invalid(0, badName!.row.id, reason), invalid(1, 'b.wav', tooLong))).toEqual(
        [
          { kind: 'invalid', reason },
          { kind: 'file', path: join(files.root, 'b.wav') },
        ],
      );
      const url = 'https://example.org/b.wav';
      expect(await located(urls, invalid(0, 'data:,x', 'why'), invalid(1, url, tooLong))).toEqual([
        { kind: 'invalid', reason: expect.stringContaining('"data:" URL') as string },
        { kind: 'url', url },
      ]);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('refuse a manifest that has changed', async () => {
    const other = join(folder, 'other.txt');
    writeFileSync(other, 'a\nb\n');
    await expect(read(open({ type: 'manifest', path: other, base: folder }))).rejects.toMatchObject({
      code: 'dataset_changed',
    });
    writeFileSync(other, 'row-0\nrow-1\n');
    await expect(read(open({ type: 'manifest', path: other, base: folder }))).rejects.toThrow(
      /row 8.*missing/,
    );
  });

  it('keep their index when a block is encoded for the window', () => {
    const block = { firstRow: 2, rows: [{ id: 'a', index: 7 }, { id: 'b', at: 'x', index: 9 }, { id: 'c' }] };
    const back = listedRows(decodeBlock(encodeBlock(block)));
    expect(back.rows.map((_, i) => rowIndex(back, i))).toEqual([7, 9, 4]);
    expect(back.rows.map(({ id, at }) => [id, at])).toEqual([
      ['a', undefined],
      ['b', 'x'],
      ['c', undefined],
    ]);
  });
});

it('shows no query of a URL, because it may hold a secret', async () => {
  const output = mkdtempSync(join(tmpdir(), 'forebay-secret-'));
  const error = { code: 'file_not_found', message: 'x' };
  writeFileSync(join(output, 'errors-00000000.jsonl'), `${JSON.stringify({ index: 0, id: 'a', error })}\n`);
  const of = { type: 'manifest' as const, path: 'https://host/list?signature=secret', base: 'https://host/' };
  const source = createFailedSource(
    { type: 'failed', folder: output, first: 0, end: 1, of },
    FOLDER_OUTPUTS.of(output),
    () => ({
      async *read() {
        yield { row: { id: 'b' }, cursor: { index: 1, at: '' } };
      },
      count: async () => 1,
    }),
  );
  const reading = source.read(null, new AbortController().signal)[Symbol.asyncIterator]().next();
  await expect(reading).rejects.toMatchObject({
    code: 'dataset_changed',
    message: expect.not.stringContaining('secret') as string,
  });
  rmSync(output, { recursive: true });
});
