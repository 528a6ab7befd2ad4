/** Damaged Parquet files, and files of other kinds. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openParquet } from '#forebay/shared/datasets/parquet/file/parquet-file.js';
import { checkPage } from '#forebay/shared/datasets/parquet/pages/page-header.js';
import { openParquetSlice } from '#forebay/shared/datasets/parquet/parquet-slice.js';
import { createRandom } from '../../../../support/random.ts';
import { fixture, memoryFile, rowsOfFile } from '../../../../support/parquet-rows.ts';

const never = new AbortController().signal;
let files = 0;

/** Each file has a name of its own, because opened files are remembered. */
function fileOf(bytes: Buffer) {
  return memoryFile(`file-${files++}.parquet`, bytes);
}

const good = (name = 'plain-none') => readFileSync(fixture(name));

describe('a file is refused with the reason', () => {
  it.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    ['empty', () => Buffer.alloc(0), /is not a Parquet file: it is empty/],
    ['text', () => Buffer.from('a,b\n1,2\n3,4\n5,6\n'), /is not a Parquet file: it does not end with "PAR1"/],
    ['truncated', (bytes) => bytes.subarray(0, 3000), /begins as a Parquet file, but its end is missing/],
    [
      'encrypted',
      (bytes) => Buffer.concat([bytes.subarray(0, -1), Buffer.from('E')]),
      /has an encrypted footer. Write it without encryption/,
    ],
    [
      'with a footer that is too long',
      (bytes) => {
        const copy = Buffer.from(bytes);
        copy.writeUInt32LE(17 * 2 ** 20, copy.length - 8);
        return copy;
      },
      /has a footer of 17.0 MB; the limit is 16.0 MB/,
    ],
    [
      'with a damaged footer',
      (bytes) => Buffer.from(bytes).fill(0x15, bytes.length - 600, bytes.length - 500),
      /has a damaged footer/,
    ],
  ])('%s', async (_, change, message) => {
    const opening = openParquet(fileOf(change(good())), never);
    await expect(opening).rejects.toMatchObject({
      code: 'input_unreadable',
      message: expect.stringMatching(message),
    });
  });
});

it('costs only the rows of a page if the page is damaged', async () => {
  const bytes = good('plain-index');
  const [row] = await rowsOfFile(fileOf(bytes), '0+1', { fields: ['x'] });
  expect(row!.record.ok).toBe(true);
  // The last page of the second row group.
  const { footer } = await openParquet(fileOf(bytes), never);
  const chunk = footer.groups[1]!.chunks[1]!;
  if (typeof chunk === 'string') throw new Error(chunk);
  const damaged = Buffer.from(bytes);
  damaged[chunk.start + chunk.size - 3]! ^= 0xff;
  const rows = await rowsOfFile(fileOf(damaged), '0+100', { fields: ['x'] });
  const bad = rows.flatMap(({ record }, at) => (record.ok ? [] : [at]));
  expect(rows).toHaveLength(100);
  expect(bad.length).toBeGreaterThan(0);
  expect(bad.length).toBeLessThan(40);
  expect(Math.min(...bad)).toBeGreaterThanOrEqual(40);
  expect(Math.max(...bad)).toBeLessThan(80);
  expect(rows[bad[0]!]!.record).toMatchObject({
    why: 'the column "x" cannot be read in row group 1 (a page has a wrong checksum)',
  });
  // Whoever reads only the ids finds the same ones.
  const id = footer.columns.find((column) => typeof column !== 'string' && column.name !== 'x')!;
  const columns = { id: (id as { name: string }).name };
  const named = await rowsOfFile(fileOf(damaged), '0+100', { fields: ['x'], columns });
  const names = await rowsOfFile(fileOf(damaged), '0+100', { fields: [], columns });
  expect(named.map((one) => one.id)).toEqual(names.map((one) => one.id));
  expect(named[bad[0]!]!.record.ok).toBe(false);
});

it('refuses a page that would need gigabytes', () => {
  const header = { type: 'DATA_PAGE', compressed_page_size: 4, uncompressed_page_size: 2 ** 31 - 1 };
  const check = () => checkPage(header as Parameters<typeof checkPage>[0], Buffer.alloc(4), 0);
  expect(check).toThrow('a page of more than 256 MB');
});

it.each(['plain-snappy', 'plain-v2', 'kinds', 'lists', 'lists-v2', 'images'])(
  'gives every row or says why not, whatever bytes are wrong: %s',
  async (name) => {
    const random = createRandom(7);
    const bytes = good(name);
    const { rows } = (await openParquet(fileOf(bytes), never)).footer;
    const end = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
    for (let n = 0; n < 12; n++) {
      const damaged = Buffer.from(bytes);
      for (let i = 0; i < 3; i++) damaged[random.int(4, end - 1)] = random.int(0, 255);
      expect(await rowsOfFile(fileOf(damaged), `0+${rows}`)).toHaveLength(rows);
    }
  },
);

it('opens a damaged footer or refuses it', async () => {
  const random = createRandom(11);
  const bytes = good('kinds');
  const start = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
  for (let n = 0; n < 60; n++) {
    const damaged = Buffer.from(bytes);
    for (let i = 0; i < 2; i++) {
      damaged[random.int(start, bytes.length - 9)] = random.int(0, 255);
    }
    const file = fileOf(damaged);
    const read = openParquet(file, never).then(async ({ footer }) =>
      rowsOfFile(file, `0+${Math.min(4, footer.rows)}`),
    );
    await read.catch((error: unknown) => expect(error).toMatchObject({ code: 'input_unreadable' }));
  }
});

it('rejects with the reason of an abort, and not with lost rows', async () => {
  const stop = new AbortController();
  const reason = new Error('enough');
  const file = fileOf(good());
  await openParquet(file, never);
  stop.abort(reason);
  const rows = openParquetSlice(file, { ref: '0+10' }, { fields: null }, stop.signal);
  await expect(rows.next()).rejects.toBe(reason);
});
