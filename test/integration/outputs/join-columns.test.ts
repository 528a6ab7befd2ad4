// Jobs whose output has columns of the input (`join`) and chosen columns (`select`), in every format.
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import { writeModelFolder } from '../../support/onnx/models.ts';
import { sumGraph } from '../../support/onnx/tabular-models.ts';
import { fixture, valuesOf } from '../../support/parquet-rows.ts';
import { jsonOfPython, python } from '../../support/python.ts';
import { colourImage, readOutput, startService, type Service } from '../../support/service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
  writeModelFolder(join(service.models, 'sum'), sumGraph(), {
    name: 'sum',
    task: 'tabular',
    columns: ['a', 'b', 'c'],
  });
});
afterAll(async () => service.close());

type Row = Record<string, unknown>;

async function run(body: Record<string, unknown>): Promise<JobWire> {
  return service.ended((await service.submit({ model: 'sum', ...body })).id);
}

/** The rows as the API returns them, in any format. */
async function results(id: string): Promise<Row[]> {
  const text = await (await service.request(`/v1/jobs/${id}/results`)).text();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
}

const parts = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.startsWith('part-'))
    .map((name) => join(folder, name));

const LINES = ['id,a,b,c,label,note', 'x,1,2,3,cat,"a, ""b"""', 'y,no,2,3,dog,', 'z,4,5,6,007,last'];

it('columns of a CSV file are texts in every format, and a retry has the same columns', async () => {
  const path = join(service.input, 'rows.csv');
  writeFileSync(path, `${LINES.join('\n')}\n`);
  const input = { type: 'csv', path };
  const output = { join: ['label', 'note'], select: ['note', 'input_label', 'score'] };
  for (const format of ['jsonl', 'csv', 'parquet']) {
    writeFileSync(path, `${LINES.join('\n')}\n`);
    const job = await run({ input, output: { ...output, path: service.out(format), format } });
    expect(job).toMatchObject({
      rows: { succeeded: 2, failed: 1 },
      output_join: [
        { column: 'label', name: 'input_label' },
        { column: 'note', name: 'note' },
      ],
      output_select: output.select,
    });
    expect(await results(job.id)).toEqual([
      { index: 0, id: 'x', note: 'a, "b"', input_label: 'cat', score: 123 },
      { index: 2, id: 'z', note: 'last', input_label: '007', score: 456 },
    ]);
    // The same number of bytes, because a retry finds the row at its place.
    writeFileSync(path, `${LINES.join('\n').replace('y,no,', 'y,11,')}\n`);
    const { id } = (await (await service.post(`/v1/jobs/${job.id}/retry`, {})).json()) as { id: string };
    expect(await service.ended(id)).toMatchObject({ rows: { succeeded: 1 }, output_select: output.select });
    expect(await results(id)).toEqual([{ index: 1, id: 'y', note: null, input_label: 'dog', score: 1123 }]);
  }
  expect(readFileSync(parts(service.out('csv'))[0]!, 'utf8')).toBe(
    'index,id,note,input_label,score\n0,x,"a, ""b""",cat,123\n2,z,last,007,456\n',
  );
});

it('a number beyond a double fails its row in every format, because readers refuse a part with one', async () => {
  const lines = ['1', '1e400', '"1e400"', '[{"n":-1e999}]', '12345678901234567890'].map(
    (x, i) => `{"id":"row-${i}","a":1,"b":2,"c":3,"x":${x}}`,
  );
  writeFileSync(join(service.input, 'beyond.jsonl'), lines.join('\n'));
  const input = { type: 'jsonl', path: 'beyond.jsonl' };
  for (const format of ['jsonl', 'csv', 'parquet']) {
    const output = { path: service.out(`beyond-${format}`), format, join: ['x'] };
    const job = await run({ input, output });
    expect(job).toMatchObject({ rows: { succeeded: 3, failed: 2 } });
    expect((await results(job.id)).map(({ id }) => id)).toEqual(['row-0', 'row-2', 'row-4']);
    const message = (line: number, number: string) =>
      `line ${line}: the joined column "x" has ${number}, which is a number beyond 1.8e308, the largest 64-bit float`;
    expect(readOutput(job.output, 'errors').map(({ error }) => error)).toEqual([
      { code: 'join_failed', message: message(2, '1e400') },
      { code: 'join_failed', message: message(4, '-1e999') },
    ]);
  }
});

/** A file with a column per type. */
function kinds() {
  copyFileSync(fixture('kinds'), join(service.input, 'kinds.parquet'));
  return { type: 'parquet', path: 'kinds.parquet', columns: { a: 'int8', b: 'int8', c: 'int8' } };
}

it('columns of a Parquet file keep their types in Parquet', async () => {
  const input = kinds();
  const job = await run({ input, output: { path: service.out('kinds'), format: 'parquet', join: true } });
  // The last row has nulls only, so the model cannot answer it.
  expect(job.rows).toMatchObject({ succeeded: 3, failed: 1 });
  const written = (await valuesOf(parts(job.output)[0]!, '0+3')) as Row[];
  const { uint64: _, map: __, ...typed } = written[1]!;
  const source = (await valuesOf(fixture('kinds'), '0+3')) as Row[];
  expect(source[1]).toMatchObject(
    Object.fromEntries(Object.keys(source[1]!).map((name) => [name, typed[name] ?? source[1]![name]])),
  );
  expect(Object.keys(typed)).toEqual(expect.arrayContaining(['int64', 'nanos', 'local', 'structs', 'bytes']));
  expect(written.map(({ uint64, map }) => [uint64, map])).toEqual([
    ['1', '{"k":1}'],
    ['9223372036854775808', '{}'],
    ['18446744073709551615', '{"a":2,"b":null}'],
  ]);
  const asLines = await run({
    input,
    output: { path: service.out('kind-lines'), join: ['int64', 'nanos', 'float'] },
  });
  expect(readFileSync(parts(asLines.output)[0]!, 'utf8').split('\n')[2]).toMatch(
    /,"int64":-1152921504606846976,"nanos":"2026-01-02T03:04:05\.006007008Z","float":"Infinity"\}$/,
  );
});

it('rows without columns have their place, and a named image is passed on', async () => {
  const image = await colourImage(1);
  writeFileSync(join(service.input, 'green.jpg'), image);
  const files = await run({
    model: 'tiny',
    input: { type: 'files', path: 'green.jpg' },
    output: { path: service.out('files'), join: true, select: ['path', 'label'] },
  });
  expect(await results(files.id)).toEqual([
    { index: 0, id: 'green.jpg', path: join(service.input, 'green.jpg'), label: 'green' },
  ]);
  const data = `data:image/jpeg;base64,${image.toString('base64')}`;
  const inline = await run({
    model: 'tiny',
    input: {
      type: 'inline',
      rows: [
        { image: data, n: 1.5 },
        { image: data, n: 2, id: 'b' },
      ],
    },
    output: { path: service.out('inline'), join: ['n', 'image'], format: 'csv' },
  });
  expect(await results(inline.id)).toMatchObject([
    { id: '0', n: 1.5, image: data },
    { id: 'b', n: 2, image: data },
  ]);
});

it('a resume keeps the columns, and refuses others', async () => {
  const path = join(service.input, 'again.jsonl');
  writeFileSync(path, Array.from({ length: 8 }, (_, i) => `{"a":1,"b":0,"c":${i},"tag":"t${i}"}\n`).join(''));
  const input = { type: 'jsonl', path };
  const options = { block_rows: 4 };
  const output = { path: service.out('again'), join: ['tag'] };
  const first = await run({ input, options, output });
  const again = { ...options, if_output_exists: 'resume' };
  const refused = await service.post('/v1/jobs', {
    model: 'sum',
    input,
    options: again,
    output: { ...output, join: ['a'] },
  });
  expect([refused.status, await refused.json()]).toMatchObject([409, { code: 'resume_mismatch' }]);
  const second = await run({ input, options: again, output: { path: output.path } });
  expect(second).toMatchObject({ rows: { adopted: 8 }, output_join: [{ column: 'tag', name: 'tag' }] });
  expect(await results(second.id)).toEqual(await results(first.id));
  expect((await results(second.id)).map(({ tag }) => tag)).toEqual(
    Array.from({ length: 8 }, (_, i) => `t${i}`),
  );
});

it.skipIf(python === undefined)(
  'pandas finds the types of the input (needs FOREBAY_TEST_PYTHON)',
  async () => {
    const output = service.out('pandas');
    await run({ input: kinds(), output: { path: output, format: 'parquet', join: true } });
    const read = `
import glob, json, pandas, sys
frame = pandas.concat(pandas.read_parquet(part) for part in sorted(glob.glob(sys.argv[1] + '/part-*')))
print(json.dumps({name: str(kind) for name, kind in frame.dtypes.items()}))`;
    expect(await jsonOfPython('-c', read, output)).toMatchObject({
      int64: 'int64',
      float: 'float32',
      bool: 'bool',
      micros: 'datetime64[us, UTC]',
      nanos: 'datetime64[ns, UTC]',
      local: 'datetime64[us]',
    });
  },
);
