// Lists of files that other tools write: CSV files with a column of URLs, and the manifests of SageMaker.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { withHead } from '#forebay/shared/datasets/bytes/byte-file.js';
import { LOCAL_FILES } from '#forebay/shared/datasets/bytes/local-files.js';
import { readListHead, type GivenList } from '#forebay/shared/datasets/list-head.js';
import { locateRow } from '#forebay/shared/datasets/locate.js';
import { openDataset } from '#forebay/shared/datasets/open-dataset.js';
import type { DatasetSpec } from '#forebay/shared/domain/dataset-spec.js';

const never = new AbortController().signal;
const dir = mkdtempSync(join(tmpdir(), 'forebay-lists-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function specOf(
  name: string,
  content: string | Buffer,
  given: Omit<GivenList, 'path'> = {},
): Promise<DatasetSpec> {
  const path = join(dir, name);
  writeFileSync(path, content);
  const list = await withHead(LOCAL_FILES, path, never, async (file) =>
    readListHead(file, { ...given, path }, never),
  );
  return { type: 'manifest', path, base: dir, ...(list && { list }) };
}

/** The id of each row, and where its bytes are. */
async function rowsOf(spec: DatasetSpec): Promise<[string, string][]> {
  const rows: [string, string][] = [];
  for await (const { row } of openDataset(spec).read(null, never)) {
    const at = locateRow(spec, row);
    rows.push([
      row.id,
      at.kind === 'file' ? at.path : at.kind === 'url' ? at.url : (at as { reason: string }).reason,
    ]);
  }
  return rows;
}

it('a CSV file names URLs in one column, and ids in another', async () => {
  const text = 'key;link\r\n1;https://h/a.jpg\r\n2;"s3://bkt/x;y.jpg"\r\n;photos/c.jpg\r\n4;\r\n5;a;b\r\n';
  const columns = { uri: 'link', id: 'key' };
  expect(await rowsOf(await specOf('list.txt', text, { columns }))).toEqual([
    ['1', 'https://h/a.jpg'],
    ['2', 's3://bkt/x;y.jpg'],
    ['photos/c.jpg', join(dir, 'photos/c.jpg')],
    ['4', 'line 5 has nothing in the column "link"'],
    ['line 6', expect.stringMatching(/^line 6 has more than 2 values/)],
  ]);
  expect(await rowsOf(await specOf('named.csv', 'uri,n\na.jpg,1\n'))).toEqual([
    ['a.jpg', join(dir, 'a.jpg')],
  ]);
  // A list of lines may have any name.
  expect(await rowsOf(await specOf('lines.csv', 'a.jpg\nb.jpg\n'))).toHaveLength(2);
  await expect(specOf('bad.csv', text, { columns: { uri: 'url' } })).rejects.toMatchObject({
    code: 'invalid_request',
    message: expect.stringMatching(/no column "url".*key, link/),
  });
  const spec = await specOf('changed.csv', 'uri,n\na.jpg,1\n');
  writeFileSync(join(dir, 'changed.csv'), 'n,uri\n1,a.jpg\n');
  await expect(rowsOf(spec)).rejects.toMatchObject({ code: 'dataset_changed' });
});

it('a manifest of SageMaker is an array, however long, whose first element is the prefix of all rows', async () => {
  const first = '\uFEFF[\n  {"prefix": "s3://bkt/p{}/"},';
  const spec = await specOf(
    'a.manifest',
    `${first} "a.jpg",\n"\\u00e4 \\"b\\".jpg", "", "../c", "${'x'.repeat(70_000)}"]\n`,
  );
  expect(await rowsOf(spec)).toEqual([
    ['a.jpg', 's3://bkt/p{}/a.jpg'],
    ['ä "b".jpg', 's3://bkt/p{}/ä "b".jpg'],
    [expect.stringMatching(/^element at byte/), 'the element is empty'],
    ['../c', expect.stringMatching(/"\.\." part/)],
    [expect.any(String), 'the element is longer than 64 KB'],
  ]);
  writeFileSync(join(dir, 'a.manifest'), '[{"prefix": "s3://other/"}, "a.jpg"]');
  await expect(rowsOf(spec)).rejects.toMatchObject({ code: 'dataset_changed' });
});

it.each([
  ['"a.jpg" "b.jpg"]', /a comma or "\]" is missing/],
  ['"a.jpg", 7]', /an element is not a string/],
  ['"a.jpg", {"source-ref": "x"}]', /an element is not a string/],
  ['"a.jpg"', /it is cut off/],
  ['"a.jpg", "b', /it is cut off/],
  ['"a.jpg"] []', /something after the list/],
])('an array that goes on with %s fails with its place', async (rest, why) => {
  const spec = await specOf('b.manifest', `[{"prefix": "s3://bkt/"}, ${rest}`);
  await expect(rowsOf(spec)).rejects.toMatchObject({
    code: 'input_unreadable',
    message: expect.stringMatching(why),
  });
});

it('an augmented manifest has a row per line, an array without a prefix is refused', async () => {
  const lines = [
    '{"source-ref": "s3://bkt/a.jpg", "label": 1}',
    '{"id": 7, "source-ref": "b.jpg"}',
    '{"source": "text"}',
  ];
  expect(await rowsOf(await specOf('augmented.manifest', lines.join('\n')))).toEqual([
    ['s3://bkt/a.jpg', 's3://bkt/a.jpg'],
    ['7', join(dir, 'b.jpg')],
    ['{"source": "text"}', '"uri" must be a path or a URL'],
  ]);
  for (const text of ['["a.jpg", "b.jpg"]', '[{"url": "s3://bkt/"}]', '[]', '[']) {
    await expect(specOf('c.manifest', text)).rejects.toThrow(/its first element is not \{"prefix"/);
  }
  expect(await rowsOf(await specOf('d.txt', '[1].jpg\n'))).toEqual([['[1].jpg', join(dir, '[1].jpg')]]);
});
