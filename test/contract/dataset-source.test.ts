/** The contract of every DatasetSource: rows in one total order, readable from any row, counted, in constant memory. */
import { appendFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFilesSource } from '#forebay/shared/datasets/files/files-source.js';
import { openDataset } from '#forebay/shared/datasets/open-dataset.js';
import type { DatasetSource, SourceRow } from '#forebay/shared/datasets/source.js';
import { spoolInline } from '#forebay/shared/datasets/inline/inline-source.js';
import { spoolUrls } from '#forebay/shared/datasets/urls/urls-source.js';
import { makeTar, makeZip } from '../support/archives.ts';
import { heapNow } from '../support/live-heap.ts';
import { fixture } from '../support/parquet-rows.ts';
import { packInline, packUrls } from '../support/packed.ts';
import { listing, serveS3, type S3Answers } from '../support/s3-answers.ts';
import { s3At, testStores } from '../support/stores.ts';
import type { ArchiveSpec, Cursor, DatasetSpec } from '#forebay/shared/domain/dataset-spec.js';

const HUGE = 100_000;
/** Rows of the Parquet fixture. */
const HUGE_FIXTURE = 200_000;
/** Maximum growth of the live heap while that many rows are read. If they were kept, they would take more. */
const HEAP_BOUND = 10 * 1024 * 1024;

interface Implementation {
  readonly name: string;
  /** Creates a source of this many rows below `dir`. */
  readonly make: (dir: string, rows: number) => Promise<DatasetSource>;
}

const numbers = (rows: number) => Array.from({ length: rows }, (_, i) => i);
const never = new AbortController().signal;

async function manifest(dir: string, rows: number, eol: string): Promise<DatasetSource> {
  const path = join(dir, 'list.txt');
  await writeFile(path, '\uFEFF');
  for (let at = 0; at < rows; at += 10_000) {
    const lines = numbers(Math.min(10_000, rows - at)).map((i) => manifestLine(at + i) + eol);
    await appendFile(path, lines.join(''));
  }
  const spec: DatasetSpec = { type: 'manifest', path, base: dir };
  return openDataset(spec);
}

/** Every kind of line that a manifest may contain, including bad ones. Some are followed by blank lines. */
function manifestLine(i: number): string {
  if (i % 7 === 1) return JSON.stringify({ id: `row ${i}`, uri: `photos/${i}.jpg` });
  if (i % 7 === 2) return `{"id": ${i}`;
  if (i % 7 === 3) return `https://example.org/${i}.jpg\n  \n`;
  if (i === 4) return 'x'.repeat(700_000);
  return `photos/ä ${i}.jpg`;
}

/** Named rows with quotes and line breaks. Every fifth row is bad, so its id is its number. */
async function csv(dir: string, rows: number): Promise<DatasetSource> {
  const path = join(dir, 'rows.csv');
  await writeFile(path, 'id,v\n');
  for (let at = 0; at < rows; at += 10_000) {
    const lines = numbers(Math.min(10_000, rows - at)).map((i) => csvRow(at + i));
    await appendFile(path, lines.join('\n'));
    await appendFile(path, '\n');
  }
  return openDataset({
    type: 'csv',
    path,
    base: dir,
    names: ['id', 'v'],
    delimiter: ',',
    start: { from: 5, line: 2 },
    fields: ['v'],
    text: [],
  });
}

function csvRow(i: number): string {
  if (i % 5 === 1) return `row ${i}`;
  return i % 5 === 2 ? `"row ${i}","two\nlines"` : `row ${i},${i}`;
}

function archiveSpec(path: string): ArchiveSpec {
  const more = { listing: 2, reads: 'image', grouped: false } as const;
  return { type: 'archive', path, base: dirname(path), ...more, include: [], exclude: [] };
}

const servers: S3Answers[] = [];
afterAll(async () => Promise.all(servers.map(async (server) => server.close())));

const IMPLEMENTATIONS: readonly Implementation[] = [
  {
    name: 'files, nested',
    async make(dir, rows) {
      for (const i of numbers(rows)) {
        const folder = join(dir, `a${i % 3}`, ...(i % 5 === 0 ? ['deep', `${i % 2}`] : []));
        await mkdir(folder, { recursive: true });
        await writeFile(join(folder, `${i}.jpg`), '');
      }
      return openDataset({ type: 'files', root: dir, include: [], exclude: [] });
    },
  },
  {
    name: 'files, one huge folder',
    async make(dir, rows) {
      const spec: DatasetSpec = { type: 'files', root: dir, include: ['**/*.jpg'], exclude: [] };
      // One folder of 10,000 files and nine links to it, because creating files is slow.
      const files = rows < HUGE ? rows : HUGE / 10;
      const folder = join(dir, rows < HUGE ? '' : 'linked 0');
      await mkdir(folder, { recursive: true });
      for (const i of numbers(files)) writeFileSync(join(folder, `a picture with a name ${i}.jpg`), '');
      for (const i of numbers(rows / files - 1)) await symlink(folder, join(dir, `linked ${i + 1}`));
      return createFilesSource(spec, { maxInMemory: files / 6 });
    },
  },
  {
    name: 'a single file',
    async make(dir) {
      await writeFile(join(dir, 'a.jpg'), '');
      return openDataset({ type: 'files', root: dir, include: [], exclude: [], only: 'a.jpg' });
    },
  },
  {
    name: 'objects on S3',
    async make(_, rows) {
      const server = await serveS3(listing('p/', rows));
      servers.push(server);
      const stores = testStores({ s3: [s3At(server.endpoint, { credentials: 'none' })] });
      return openDataset({ type: 'files', root: 's3://bucket/p/', include: [], exclude: [] }, { stores });
    },
  },
  {
    name: 'Parquet',
    async make(_, rows) {
      const path = fixture(rows < HUGE ? 'thirty' : 'huge');
      return openDataset({ type: 'parquet', path, base: '/', fields: [] });
    },
  },
  {
    name: 'files of a table, nested',
    async make(dir, rows) {
      for (const i of numbers(10)) {
        const folder = join(dir, `p=${i % 3}`);
        await mkdir(folder, { recursive: true });
        const lines = numbers(rows / 10).map((n) =>
          n === 1 ? 'bad' : `{"id":${n > 1 ? `"${i} ${n}"` : null}}`,
        );
        await writeFile(join(folder, `${i}.jsonl`), i === 4 ? '' : lines.join('\n'));
        if (i === 4) await writeFile(join(folder, 'more.jsonl'), lines.join('\n'));
      }
      const parts = { pattern: null };
      return openDataset({ type: 'jsonl', path: dir, base: dir, parts });
    },
  },
  { name: 'manifest, LF', make: (dir, rows) => manifest(dir, rows, '\n') },
  { name: 'manifest, CRLF', make: (dir, rows) => manifest(dir, rows, '\r\n') },
  {
    name: 'a manifest of SageMaker',
    async make(dir, rows) {
      const path = join(dir, 'list.manifest');
      const names = numbers(rows).map((i) => (i === 7 ? '"\\q"' : `"ä \\"${i}.jpg"`));
      await writeFile(path, ` [{"prefix": "s3://bucket/a/"},\n${names.join(',\n')}\n]\n`);
      return openDataset({
        type: 'manifest',
        path,
        base: dir,
        list: { format: 'sagemaker', prefix: 's3://bucket/a/' },
      });
    },
  },
  {
    name: 'a list in CSV, CRLF',
    async make(dir, rows) {
      const path = join(dir, 'list.csv');
      const lines = numbers(rows).map((i) => (i % 5 === 1 ? `bad,${i},more` : `"a\r\n ${i}.jpg",${i}`));
      await writeFile(path, `url,n\r\n${lines.join('\r\n')}`);
      const start = { from: 7, line: 2 };
      const columns = { uri: 'url' };
      const list = { format: 'csv' as const, delimiter: ',', names: ['url', 'n'], start, columns };
      return openDataset({ type: 'manifest', path, base: dir, list });
    },
  },
  { name: 'csv', make: csv },
  {
    name: 'a tar',
    async make(dir, rows) {
      const path = join(dir, 'rows.tar');
      for (let at = 0; at < rows; at += 10_000) {
        const files = numbers(Math.min(10_000, rows - at)).map((i) => ({
          name: `p/${at + i}.jpg`,
        }));
        await appendFile(path, makeTar(files).subarray(0, -1024));
      }
      return openDataset(archiveSpec(path));
    },
  },
  {
    name: 'a zip',
    async make(dir, rows) {
      const path = join(dir, 'rows.zip');
      await writeFile(path, makeZip(numbers(rows).map((i) => ({ name: `p/${i}.jpg`, method: 0 }))));
      return openDataset(archiveSpec(path));
    },
  },
  {
    name: 'shards of a WebDataset, nested',
    async make(dir, rows) {
      for (const shard of [0, 1, 2]) {
        const files = numbers(rows)
          .filter((i) => i % 3 === shard)
          .flatMap((i) => ['jpg', 'json'].map((extension) => ({ name: `${i}.${extension}` })));
        await writeFile(join(dir, `s-${shard}.tar`), makeTar(files));
      }
      return openDataset({ ...archiveSpec(join(dir, 's-{0..2}.tar')), grouped: true, shards: 'braces' });
    },
  },
  {
    name: 'urls',
    async make(dir, rows) {
      const spool = join(dir, 'urls.jsonl');
      await spoolUrls(spool, packUrls(lazily(rows, (i) => `https://example.org/${i}.jpg`)));
      return openDataset({ type: 'urls', spool });
    },
  },
  {
    name: 'inline',
    async make(dir, rows) {
      const [spool, blob] = [join(dir, 'rows.jsonl'), join(dir, 'rows.blob')];
      await spoolInline(
        spool,
        blob,
        packInline(lazily(rows, (i) => ({ id: `row ${i}`, data: i % 5 === 2 ? '!' : 'AAAA' }))),
      );
      return openDataset({ type: 'inline', spool, blob });
    },
  },
];

for (const { name, make } of IMPLEMENTATIONS) {
  describe(`dataset source: ${name}`, () => {
    let dir: string;
    let source: DatasetSource;
    let rows: SourceRow[];

    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), 'forebay-source-'));
      source = await make(dir, 30);
      rows = await readAll(source, null);
    });
    afterAll(() => rm(dir, { recursive: true, force: true }));

    it('gives the same rows in the same order each time', async () => {
      expect(rows).toHaveLength(name === 'a single file' ? 1 : 30);
      expect(await readAll(source, null)).toEqual(rows);
    });

    it('numbers rows from 1 in its cursors', () => {
      expect(rows.map(({ cursor }) => cursor.index)).toEqual(numbers(rows.length).map((i) => i + 1));
    });

    it('gives distinct rows distinct ids', () => {
      expect(new Set(rows.map(({ row }) => row.id)).size).toBe(rows.length);
    });

    it('continues from any cursor with exactly the rows after it', async () => {
      for (const [i, { cursor }] of rows.entries()) {
        expect(await readAll(source, JSON.parse(JSON.stringify(cursor)) as Cursor)).toEqual(
          rows.slice(i + 1),
        );
      }
    });

    it('counts its rows, up to any limit', async () => {
      for (const limit of [0, 1, 3, rows.length, rows.length + 1, Number.POSITIVE_INFINITY]) {
        expect(await source.count(limit, never)).toBe(Math.min(limit, rows.length));
      }
    });

    it('stops reading and counting with the abort reason', async () => {
      const stop = new AbortController();
      const reason = new Error('enough');
      const seen: SourceRow[] = [];
      const reading = (async () => {
        for await (const row of source.read(null, stop.signal)) {
          seen.push(row);
          stop.abort(reason);
        }
      })();
      // A source of one row has nothing left to stop.
      await (rows.length > 1 ? expect(reading).rejects.toBe(reason) : reading);
      expect(seen).toHaveLength(1);
      await expect(source.count(1e9, stop.signal)).rejects.toBe(reason);
    });
  });
}

describe.each(IMPLEMENTATIONS.filter(({ name }) => !/nested|single|CRLF/.test(name)))(
  '$name, huge',
  ({ name, make }) => {
    const count = name === 'Parquet' ? HUGE_FIXTURE : HUGE;
    it('is read in constant memory', { timeout: 180_000 }, async () => {
      const dir = await mkdtemp(join(tmpdir(), 'forebay-source-'));
      try {
        const source = await make(dir, HUGE);
        const heap = [heapNow()];
        let seen = 0;
        for await (const { cursor } of source.read(null, never)) {
          if (cursor.index !== ++seen) expect(cursor.index).toBe(seen);
          if (seen % 20_000 === 1) heap.push(heapNow());
        }
        expect(seen).toBe(count);
        expect(await source.count(Number.POSITIVE_INFINITY, never)).toBe(count);
        expect(Math.max(...heap) - heap[0]!).toBeLessThan(HEAP_BOUND);
      } finally {
        await rm(dir, { recursive: true, force: true });
      }
    });
  },
);

async function readAll(source: DatasetSource, from: Cursor | null): Promise<SourceRow[]> {
  const rows: SourceRow[] = [];
  for await (const row of source.read(from, never)) rows.push(row);
  return rows;
}

function* lazily<T>(count: number, make: (i: number) => T): Generator<T> {
  for (let i = 0; i < count; i++) yield make(i);
}
