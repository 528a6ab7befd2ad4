// A table in several files: one dataset, cut into full blocks, wherever the files end.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createDatasetFiles } from '#forebay/shared/datasets/bytes/dataset-files.js';
import { openDataset } from '#forebay/shared/datasets/open-dataset.js';
import { listRows, openSlice, readSliceRow } from '#forebay/shared/datasets/open-slice.js';
import { firstPart } from '#forebay/shared/datasets/parts/first-part.js';
import { createSkippedCounter } from '#forebay/shared/datasets/skipped-counter.js';
import type { Slice } from '#forebay/shared/datasets/source.js';
import { resolvePartsSpec } from '#forebay/shared/datasets/table/resolve-parts-spec.js';
import type { BlockRows } from '#forebay/shared/domain/block.js';
import type { Columns } from '#forebay/shared/domain/columns.js';
import type { Cursor, PartsSpec, TableSpec } from '#forebay/shared/domain/dataset-spec.js';
import type { RowFields } from '#forebay/shared/tasks/row-fields.js';
import { fixture } from '../../../../support/parquet-rows.ts';
import { listing, serveS3 } from '../../../../support/s3-answers.ts';
import { s3At, testStores } from '../../../../support/stores.ts';

const never = new AbortController().signal;
const top = mkdtempSync(join(tmpdir(), 'forebay-parts-'));
afterAll(() => rmSync(top, { recursive: true, force: true }));
let dir: string;
beforeEach(() => (dir = mkdtempSync(join(top, 'rows-'))));

const stores = testStores();
const files = createDatasetFiles({
  stores,
  cacheDir: join(top, 'cache'),
  fileCacheBytes: 1e8,
  maxFetchRatio: 200,
});

function write(contents: Readonly<Record<string, string | Buffer>>): void {
  for (const [name, content] of Object.entries(contents)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
}

const ANY: RowFields = { names: null, needed: [], text: [] };

async function specOf(
  type: TableSpec['type'],
  pattern: string | null = null,
  more: { columns?: Columns; fields?: RowFields; ignoreCase?: true } = {},
): Promise<PartsSpec> {
  const path = pattern === null ? dir : join(dir, pattern);
  const given = {
    type,
    path,
    base: dir,
    parts: { pattern, ignore_case: more.ignoreCase },
    columns: more.columns,
  };
  return resolvePartsSpec(files, (of) => openDataset(of), given, more.fields ?? ANY, never);
}

async function slicesOf(spec: PartsSpec, size: number, from: Cursor | null = null): Promise<Slice[]> {
  const found: Slice[] = [];
  for await (const slice of openDataset(spec, { files }).slices!(from, () => size, never)) found.push(slice);
  return found;
}

/** The rows of a slice, as a worker sees them. */
async function open(spec: PartsSpec, { firstRow, rows: count, ref, check }: Slice): Promise<string[]> {
  const rows: string[] = [];
  for await (const chunk of openSlice(files, spec, { firstRow, count, ref, check }, never)) {
    for (let at = 0; at < chunk.count; at++) {
      const record = chunk.record(at);
      rows.push(`${chunk.ids![at]} ${record.ok ? JSON.stringify(record.fields) : record.why}`);
    }
  }
  return rows;
}

/** The rows one by one, as a retry sees them. */
async function listed(spec: PartsSpec) {
  const rows: { id: string; at: string }[] = [];
  for await (const { row } of openDataset(spec, { files }).read(null, never)) {
    rows.push({ id: row.id, at: row.at! });
  }
  return rows;
}

const JSONL = {
  'a.jsonl': '{"x":0}\n{"x":1}\n{"x":2}',
  'b.jsonl': '',
  'c.jsonl.gz': gzipSync('{"x":3}\n\n{"id":"four","x":4}\n'),
  'sub/d.jsonl': '{"x":5}\nno json\n',
  'sub/e.ndjson': '{"x":7}\n',
};
const JSONL_ROWS = [
  'a.jsonl/0 {"x":0}',
  'a.jsonl/1 {"x":1}',
  'a.jsonl/2 {"x":2}',
  'c.jsonl.gz/0 {"x":3}',
  'four {"id":"four","x":4}',
  'sub/d.jsonl/0 {"x":5}',
  expect.stringMatching(/^sub\/d\.jsonl\/1 sub\/d\.jsonl: line 2 is not JSON/),
  'sub/e.ndjson/0 {"x":7}',
];

describe('a folder of files', () => {
  it('is cut into full blocks, each of which any worker can open, and from any cursor', async () => {
    write(JSONL);
    const spec = await specOf('jsonl');
    for (const size of [1, 3, 8, 100]) {
      const slices = await slicesOf(spec, size);
      expect(slices.map(({ rows }) => rows).slice(0, -1)).toEqual(Array(slices.length - 1).fill(size));
      expect((await Promise.all(slices.map((slice) => open(spec, slice)))).flat()).toEqual(JSONL_ROWS);
      for (const [i, { cursor }] of slices.entries()) {
        const stored = JSON.parse(JSON.stringify(cursor)) as Cursor;
        expect(await slicesOf(spec, size, stored)).toEqual(slices.slice(i + 1));
      }
    }
  });

  it('has the same rows when they are read one by one', async () => {
    write(JSONL);
    const spec = await specOf('jsonl');
    const rows = await listed(spec);
    const [slice] = await slicesOf(spec, 100);
    const content = { firstRow: 0, count: slice!.rows, ref: slice!.ref, check: slice!.check };
    expect(rows.map(({ id }) => ({ id }))).toMatchObject(
      ((await listRows(files, spec, content, never)) as BlockRows).rows,
    );
    expect(await readSliceRow(files, spec, rows[4]!.at, never)).toMatchObject({
      record: { fields: { x: 4 } },
    });
    expect(await openDataset(spec, { files }).count(5, never)).toBe(5);
    expect(await openDataset(spec, { files }).count(Infinity, never)).toBe(8);
  });

  it('may hold what Spark and others write beside the rows, which is left out and counted', async () => {
    write({
      'part-0.csv': 'x\n1\n',
      _SUCCESS: '',
      '_temporary/part-9.csv': 'x\n9\n',
      '.part-0.csv.crc': 'crc',
      'notes.md': '# notes',
      '_p=1/000000_0': 'x\n2\n',
    });
    const spec = await specOf('csv');
    const skipped = createSkippedCounter();
    const rows: string[] = [];
    for await (const { row } of openDataset(spec, { files }).read(null, never, skipped)) rows.push(row.id);
    expect(rows).toEqual(['_p=1/000000_0/0', 'part-0.csv/0']);
    expect(skipped.total()).toMatchObject({ hidden: { count: 3 }, other_formats: { first: ['notes.md'] } });
  });

  it('has files that a glob matches in any letter case, if asked', async () => {
    write({ 'A.JSONL': '{"x":1}\n', 'b.jsonl': '{"x":2}\n' });
    const spec = await specOf('jsonl', '*.Jsonl', { ignoreCase: true });
    const [slice] = await slicesOf(spec, 9);
    expect(await open(spec, slice!)).toEqual(['A.JSONL/0 {"x":1}', 'b.jsonl/0 {"x":2}']);
  });

  it('whose CSV files have their columns in another order is one table', async () => {
    write({ 'a.csv': 'x,y\n1,2\n', 'b.csv': 'more,y,x\n"a\nb",4,3\n', 'c.csv': '' });
    const fields = { names: ['x', 'y'], needed: ['x', 'y'], text: [] };
    const spec = await specOf('csv', '*.csv', { fields });
    const [slice, ...more] = await slicesOf(spec, 10);
    expect(await open(spec, slice!)).toEqual(['a.csv/0 {"x":1,"y":2}', 'b.csv/0 {"y":4,"x":3}']);
    expect(more).toEqual([]);
  });

  it('passes on the columns that each file has at its own place', async () => {
    write({ 'a.csv': 'x,n\n1,one\n', 'b.csv': 'n,x\ntwo,2\n', 'c.csv': 'x\n3\n' });
    const spec = { ...(await specOf('csv')), join: [{ column: 'n', name: 'note' }] };
    expect((await firstPart(spec, files, (of) => openDataset(of), never)).path).toBe(join(dir, 'a.csv'));
    rmSync(join(dir, 'c.csv'));
    const [slice] = await slicesOf(spec, 10);
    const { firstRow, rows: count, ref, check } = slice!;
    const joined: string[] = [];
    for await (const chunk of openSlice(files, spec, { firstRow, count, ref, check }, never)) {
      joined.push(chunk.joined!().json(0));
    }
    expect(joined).toEqual(['{"note":"one"}', '{"note":"two"}']);
    write({ 'c.csv': 'x\n3\n' });
    await expect(slicesOf(spec, 10)).rejects.toThrow(/c\.csv has no column "n"/);
  });

  it('reads Parquet files in blocks that reach across several of them', async () => {
    for (const name of ['a', 'b', 'c']) copyFileSync(fixture('plain-zstd'), join(dir, `${name}.parquet`));
    write({ _metadata: 'PAR1', _SUCCESS: '' });
    const spec = await specOf('parquet', null, {
      columns: { id: 'n', v: 'n' },
      fields: { ...ANY, names: ['v'] },
    });
    const slices = await slicesOf(spec, 130);
    expect(slices.map(({ rows }) => rows)).toEqual([130, 130, 40]);
    const rows = await open(spec, slices[1]!);
    expect(rows[0]).toBe('30 {"v":30}');
    expect(rows.at(-1)).toBe('59 {"v":59}');
  });
});

describe('one clear error', () => {
  it('names the file that lacks a column, at its place in the job', async () => {
    write({ 'a.csv': 'x,key\n1,a\n', 'b.csv': 'z,key\n3,b\n' });
    const spec = await specOf('csv', null, { columns: { id: 'key' }, fields: { ...ANY, needed: ['x'] } });
    await expect(slicesOf(spec, 1)).rejects.toMatchObject({
      code: 'input_unreadable',
      message: `${dir}/b.csv has no column "x", which the job reads. Its columns: z, key.`,
    });
    copyFileSync(fixture('thirty'), join(dir, 'a.parquet'));
    copyFileSync(fixture('images'), join(dir, 'b.parquet'));
    const parquet = await specOf('parquet', null, { columns: { text: 'id' } });
    await expect(slicesOf({ ...parquet, needs: ['nope'] }, 1)).rejects.toThrow(
      /a\.parquet has no column "nope"/,
    );
  });

  it('says that nothing matches, that everything is empty, or that it is a Delta table', async () => {
    write({ 'a.JSONL': '{}', 'b.csv': '' });
    await expect(specOf('jsonl', '*.jsonl')).rejects.toMatchObject({
      code: 'input_not_found',
      message: expect.stringMatching(/"\*\.JSONL" matches 1 file: letter case matters/),
    });
    await expect(specOf('parquet')).rejects.toMatchObject({ code: 'input_not_found' });
    const options = { ignoreCase: true } as const;
    await expect(specOf('jsonl', '*.JSON', options)).rejects.toThrow(/no file passes include/);
    await expect(specOf('csv')).rejects.toThrow(/All files .* are empty/);
    write({ '_delta_log/0.json': '{}', 'part-0.parquet': '' });
    await expect(specOf('parquet')).rejects.toThrow(/is a Delta table/);
  });

  it('ends a job whose file changes, disappears, or grows while it runs', async () => {
    write({ 'a.jsonl': '{"x":0}\n{"x":1}\n', 'b.jsonl': '{"x":2}\n' });
    const spec = await specOf('jsonl');
    const [first, second] = await slicesOf(spec, 1);
    write({ 'a.jsonl': '{"x":0}\n{"x":1}\n{"x":9}\n' });
    await expect(open(spec, second!)).rejects.toMatchObject({ code: 'dataset_changed' });
    await expect(slicesOf(spec, 1, first!.cursor)).rejects.toMatchObject({ code: 'dataset_changed' });
    rmSync(join(dir, 'a.jsonl'));
    await expect(open(spec, second!)).rejects.toMatchObject({ code: 'input_not_found' });
  });

  it('for a resume: ids change if a file was added before others, but not if it was added at the end', async () => {
    write({ 'b.jsonl': '{"x":0}\n' });
    const spec = await specOf('jsonl');
    const before = await listed(spec);
    write({ 'c.jsonl': '{"x":1}\n' });
    expect((await listed(spec)).slice(0, 1)).toEqual(before);
    write({ 'a.jsonl': '{"x":2}\n' });
    expect((await listed(spec))[0]!.id).toBe('a.jsonl/0');
  });
});

it('on S3, the first of 10 million files takes one page of the listing, and a cursor names one file', async () => {
  const server = await serveS3((request, response) => {
    if (request.url!.includes('list-type=2')) return listing('p/', 10_000_000)(request, response);
    const body = '{"x":1}\n{"x":2}\n';
    const [, from = 0, to = 15] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    const part = request.method === 'HEAD' ? body : body.slice(Number(from), Number(to) + 1);
    response.writeHead(200, { etag: '"e"', 'content-length': part.length });
    response.end(request.method === 'HEAD' ? '' : part);
  });
  const s3 = testStores({ s3: [s3At(server.endpoint, { credentials: 'none' })] });
  try {
    const remote = createDatasetFiles({
      stores: s3,
      cacheDir: join(top, 'c'),
      fileCacheBytes: 1e8,
      maxFetchRatio: 200,
    });
    const spec: PartsSpec = {
      type: 'jsonl',
      path: 's3://bucket/p/*',
      base: 's3://bucket/p/',
      parts: { pattern: '*' },
    };
    const source = openDataset(spec, { stores: s3, files: remote });
    for await (const { rows, cursor } of source.slices!(null, () => 3, never)) {
      expect(rows).toBe(3);
      expect(cursor.at.length).toBeLessThan(100);
      break;
    }
    expect(server.requests.filter(({ url }) => url.includes('list-type=2'))).toHaveLength(1);
  } finally {
    await s3.close();
    await server.close();
  }
});
