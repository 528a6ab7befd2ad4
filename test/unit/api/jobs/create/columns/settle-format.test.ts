// The format and the columns of a job's parts, and the spec version that they need.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { keepFormat, settleFormat } from '#forebay/api/jobs/create/columns/settle-format.js';
import { specVersion } from '#forebay/api/jobs/create/spec-version.js';
import { SUBMIT_BODY, withDefaults } from '#forebay/api/http/wire/submit-request.js';
import { LOCAL_FILES } from '#forebay/shared/datasets/bytes/local-files.js';
import { openDataset } from '#forebay/shared/datasets/open-dataset.js';
import type { AskedColumns } from '#forebay/shared/domain/join.js';
import type { PartFormat } from '#forebay/shared/domain/job/part-format.js';

const dir = mkdtempSync(join(tmpdir(), 'forebay-columns-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let files = 0;
const csv = { format: 'csv' as const, columns: [] };
const FILES = { type: 'files' as const, root: '/in', include: [], exclude: [] };
const deps = { files: LOCAL_FILES, listFiles: openDataset };

function jsonl(rows: readonly unknown[]) {
  const path = join(dir, `${files++}.jsonl`);
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return { type: 'jsonl' as const, path, base: dir };
}

const settled = async (
  dataset: Parameters<typeof settleFormat>[2],
  columns: AskedColumns,
  format: PartFormat | null = null,
) => settleFormat({ format, columns }, null, dataset, deps);

const refusal = async (...of: Parameters<typeof settled>) =>
  settled(...of).then(
    () => 'accepted',
    (error: Error) => error.message,
  );

it('a job without a format, or with the format of old jobs, can be run by older processes', async () => {
  expect([(await settled(FILES, {})).table, (await settled(FILES, {}, 'jsonl')).table]).toEqual([
    undefined,
    undefined,
  ]);
  const dataset = { type: 'jsonl' as const, path: '/a.jsonl', base: '/' };
  const input = { type: 'jsonl' as const, path: '/a.jsonl' };
  expect(specVersion({ spec: dataset }, input, undefined, '/out')).toBe(3);
  expect(specVersion({ spec: dataset }, input, csv, '/out')).toBe(5);
  expect(specVersion({ spec: dataset }, input, { ...csv, selected: true }, '/out')).toBe(6);
  const joining = { ...dataset, join: [{ column: 'a', name: 'a' }] };
  expect(specVersion({ spec: joining }, input, undefined, '/out')).toBe(6);
});

it('a job that continues an output keeps its format and columns, and refuses others', () => {
  const keep = (
    format: PartFormat | null,
    columns: AskedColumns,
    earlier: Omit<Parameters<typeof keepFormat>[2], 'dataset'>,
  ) => keepFormat({ format, columns }, FILES, { ...earlier, dataset: FILES });
  expect([keep(null, {}, { table: csv }).table, keep('csv', {}, { table: csv }).table]).toEqual([csv, csv]);
  expect(keep(null, {}, {}).table).toBeUndefined();
  expect(() => keep('jsonl', {}, { table: csv })).toThrow('holds csv parts, and the request asks for jsonl');
  expect(() => keep('parquet', {}, {})).toThrow('holds jsonl parts, and the request asks for parquet');
  expect(() => keep(null, { join: ['a'] }, { asked_columns: { join: true } })).toThrow(
    'started with "join": true, and the request asks for ["a"]',
  );
  expect(() => keep(null, { select: ['a'] }, {})).toThrow('started with no "select"');

  const joined = [{ column: 'path', name: 'path' }];
  const earlier = { dataset: { ...FILES, join: joined }, asked_columns: { join: true as const } };
  for (const columns of [{}, { join: true as const }]) {
    expect(keepFormat({ format: null, columns }, FILES, earlier)).toMatchObject({
      dataset: { join: joined },
      askedColumns: { join: true },
    });
  }
});

describe('the columns of the input', () => {
  const rows = [
    { id: 'a', n: 1, x: 1, ok: true, text: 'one', mixed: 1, list: [1], label: 'cat', image: 'a.jpg' },
    { id: 'b', n: null, x: 2.5, ok: false, text: 'two', mixed: 'x', late: 3, input_label: 0 },
  ];

  it('have the types of the first rows, and names that no result has', async () => {
    const { dataset, table } = await settled(jsonl(rows), { join: true }, 'parquet');
    const inputs = table!.columns.filter(({ source }) => source.of === 'input');
    expect(Object.fromEntries(inputs.map(({ name, type }) => [name, type]))).toEqual({
      n: 'int64',
      x: 'double',
      ok: 'boolean',
      text: 'string',
      mixed: 'json',
      list: 'json',
      image: 'string',
      late: 'int64',
      input_label: 'int64',
      input_input_label: 'string',
    });
    expect(dataset).toMatchObject({
      join: expect.arrayContaining([{ column: 'label', name: 'input_input_label' }]),
    });
    // In the text of a CSV file, numbers are numbers.
    const text = await settled(jsonl(rows), { join: ['n'] }, 'csv');
    expect(text.table!.columns.at(-1)).toMatchObject({ name: 'n', type: 'double' });
  });

  it('leave out the id, and the file that the model reads, unless they are named', async () => {
    const image = `data:image/png;base64,${'A'.repeat(100)}`;
    const { dataset, leftOut } = await settled(jsonl([{ id: 1, image, a: 1 }]), { join: true });
    expect(dataset).toMatchObject({ join: [{ column: 'a', name: 'a' }] });
    expect(leftOut.map(({ column }) => column)).toEqual(['id', 'image']);
    const named = await settled(jsonl([{ id: 1, image }]), { join: ['image', 'id'] });
    expect(named.dataset).toMatchObject({
      join: [
        { column: 'image', name: 'image' },
        { column: 'id', name: 'input_id' },
      ],
    });
  });

  it('are refused with a list of those that there are', async () => {
    expect(await refusal(jsonl(rows), { join: ['txet', 'n'] })).toContain(
      'there is no column "txet", but there is "text". There are: id, n, x, ok',
    );
    expect(await refusal(FILES, { join: ['label'] })).toContain('There are: path');
    const manifest = { type: 'manifest' as const, path: '/list', base: '/' };
    expect(await refusal(manifest, { join: ['extra'] })).toMatch(/There are: uri\. To pass on other fields/);
    expect(await refusal(jsonl([]), { join: true })).toContain('name them');
    expect((await settled(jsonl([]), { join: ['any'] })).dataset).toMatchObject({
      join: [{ column: 'any' }],
    });
  });
});

describe('the chosen columns', () => {
  const rows = [{ image: 'a.jpg', a: 1, b: 2 }];

  it('are in the order of the request, in every format', async () => {
    const { table, dataset } = await settled(jsonl(rows), {
      join: true,
      select: ['b', 'score', 'id', 'label'],
    });
    expect(table).toMatchObject({ format: 'jsonl', selected: true });
    expect(table!.columns.map(({ name }) => name)).toEqual(['b', 'score', 'label']);
    expect(dataset).toMatchObject({ join: [{ column: 'b', name: 'b' }] });
  });

  it('must exist, and include the columns that join names', async () => {
    const of = async (columns: AskedColumns) => refusal(jsonl(rows), columns);
    expect(await of({ select: ['lable'] })).toContain('no column "lable", but there is "label"');
    expect(await of({ select: ['a'] })).toContain(
      'There are: index, id, label, score, predictions. Columns of',
    );
    expect(await of({ join: ['a'], select: ['label'] })).toContain(
      'a joined column ("a"): add it to "select"',
    );
    expect(await of({ join: true, select: ['label'] })).toContain('every joined column ("image", "a", "b")');
  });
});

it('the output of a request is a path, or a path with its format and columns', () => {
  const bodyOf = (output: unknown) => ({
    model: 'm',
    input: { type: 'files', path: '/in' },
    ...(output === undefined ? {} : { output }),
  });
  const read = (output: unknown) => {
    const request = withDefaults(SUBMIT_BODY.parse(bodyOf(output)));
    return [request.output, request.output_format, request.output_columns];
  };
  expect([undefined, '/out', { path: '/out' }].map(read)).toEqual([
    [null, undefined, undefined],
    ['/out', undefined, undefined],
    ['/out', undefined, undefined],
  ]);
  expect([{ format: 'csv' }, { path: '/out', join: true, select: ['a'] }, { join: ['a'] }].map(read)).toEqual(
    [
      [null, 'csv', undefined],
      ['/out', undefined, { join: true, select: ['a'] }],
      [null, undefined, { join: ['a'] }],
    ],
  );
  // The digest of an old request must not change.
  const same = ['/out', { path: '/out' }].map((output) =>
    JSON.stringify(withDefaults(SUBMIT_BODY.parse(bodyOf(output)))),
  );
  expect(same[0]).toBe(same[1]);
  for (const wrong of [
    { format: 'xls' },
    { join: false },
    { join: [] },
    { select: ['a', 'a'] },
    { joins: true },
  ]) {
    expect(SUBMIT_BODY.safeParse(bodyOf(wrong)).success).toBe(false);
  }
});
