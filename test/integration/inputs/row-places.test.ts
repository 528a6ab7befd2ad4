// The errors of rows of tables say where the row is in its file, whoever finds them: a reader, a lane or the network.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeModelFolder } from '../../support/onnx/models.ts';
import { sumGraph } from '../../support/onnx/tabular-models.ts';
import { colourImage, readOutput, startService, type Service } from '../../support/service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
  const config = { name: 'sum', task: 'tabular', columns: ['a', 'b', 'c'] };
  writeModelFolder(join(service.models, 'sum'), sumGraph(), config);
});
afterAll(async () => service.close());

function write(name: string, lines: readonly string[]): void {
  const path = join(service.input, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, lines.join('\n'));
}

async function errorsOf(id: string): Promise<string[]> {
  const job = await service.ended(id);
  return readOutput(job.output, 'errors').map(
    (row) => `${row.id}: ${row.error!.code}: ${row.error!.message}`,
  );
}

async function run(body: Record<string, unknown>) {
  const { id } = await service.submit({ model: 'sum', ...body });
  return { id, errors: await errorsOf(id) };
}

const RECORDS = [
  '{"id":"good","a":1,"b":2,"c":3}',
  '',
  '{"id":"text","a":"x","b":2,"c":3}',
  '{"id":"same","a":"x","b":2,"c":3}',
  'no json',
];
const RECORD_ERRORS = [
  'text: invalid_row: line 3: column "a" is the string "x", but takes a number',
  'same: invalid_row: line 4: column "a" is the string "x", but takes a number',
  expect.stringMatching(/^3: invalid_row: line 5 is not JSON/),
];

it('a value that only a lane refuses has the line of its record, also in a retry and of equal rows', async () => {
  write('rows.jsonl', RECORDS);
  const input = { type: 'jsonl', path: 'rows.jsonl' };
  const plain = await run({ input });
  expect(plain.errors).toEqual(RECORD_ERRORS);
  const response = await service.post(`/v1/jobs/${plain.id}/retry`, {});
  const retried = await errorsOf(((await response.json()) as { id: string }).id);
  expect(retried.slice(RECORD_ERRORS.length)).toEqual(RECORD_ERRORS);
  expect((await run({ input, options: { cache: 'on' } })).errors).toEqual(RECORD_ERRORS);
  const renamed = await run({
    input: { ...input, columns: { b: 'c', c: 'b' } },
    output: { path: 'renamed', join: true },
  });
  expect(renamed.errors).toEqual(RECORD_ERRORS);
});

it('a delta job by content says where the rows are that it computes', async () => {
  write('grown.jsonl', RECORDS.slice(0, 3));
  const input = { type: 'jsonl', path: 'grown.jsonl' };
  const first = await run({ input, options: { row_versions: 'content' } });
  write('grown.jsonl', RECORDS);
  const { errors } = await run({ input, delta: { previous: first.id } });
  expect(errors).toEqual(RECORD_ERRORS);
});

it('rows of a CSV file have the line where they begin', async () => {
  write('rows.csv', ['id,a,b,c', '"two', 'lines",x,2,3', 'short,1,2', 'good,1,2,3', 'text,1,y,3']);
  const { errors } = await run({ input: { type: 'csv', path: 'rows.csv' } });
  expect(errors).toEqual([
    'two\nlines: invalid_row: line 2: column "a" is the string "x", but takes a number',
    '1: invalid_row: line 4 has 3 of 4 values: column 4 ("c") is missing',
    'text: invalid_row: line 6: column "b" is the string "y", but takes a number',
  ]);
});

it('of several files, the errors also name the file', async () => {
  write('folder/a.jsonl', RECORDS);
  write('folder/b/c.jsonl', ['', '{"id":"null","a":null,"b":2,"c":3}']);
  const { errors } = await run({ input: { type: 'jsonl', path: 'folder' } });
  expect(errors).toEqual([
    'text: invalid_row: a.jsonl: line 3: column "a" is the string "x", but takes a number',
    'same: invalid_row: a.jsonl: line 4: column "a" is the string "x", but takes a number',
    expect.stringMatching(/^a\.jsonl\/3: invalid_row: a\.jsonl: line 5 is not JSON/),
    expect.stringMatching(/^null: invalid_row: b\/c\.jsonl: line 2: column "a" is null/),
  ]);
});

it('a record whose image is missing, broken or no path has its line', async () => {
  writeFileSync(join(service.input, 'red.png'), await colourImage(0));
  write('broken.png', ['no image']);
  write('images.jsonl', [
    '{"image":"red.png"}',
    '{"image":"gone.png"}',
    '{"image":"broken.png"}',
    '{"image":5,"id":"five"}',
    '{"image":"https://localhost:1/x.png"}',
  ]);
  const { id } = await service.submit({ input: { type: 'jsonl', path: 'images.jsonl' } });
  expect(await errorsOf(id)).toEqual([
    '1: file_not_found: line 2: there is no such file',
    expect.stringMatching(/^2: unsupported_format: line 3: /),
    expect.stringMatching(/^five: invalid_row: line 4: the field "image" must be a path/),
    expect.stringMatching(/^4: url_not_allowed: line 5: /),
  ]);
});
