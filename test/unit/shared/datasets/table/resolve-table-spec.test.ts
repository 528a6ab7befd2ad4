// A column is refused at submit if none of its values can feed the model's field.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LOCAL_FILES } from '#forebay/shared/datasets/bytes/local-files.js';
import { resolveTableSpec } from '#forebay/shared/datasets/table/resolve-table-spec.js';
import type { RowFields } from '#forebay/shared/tasks/row-fields.js';
import { fixture } from '../../../../support/parquet-rows.ts';

const dir = mkdtempSync(join(tmpdir(), 'forebay-table-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const never = new AbortController().signal;

const NUMBERS: RowFields = { names: ['x', 'word'], needed: ['x', 'word'], text: ['word'], numbers: ['x'] };

async function text(type: 'csv' | 'jsonl', rows: string, columns?: Record<string, string>) {
  const path = join(dir, `rows.${type}`);
  writeFileSync(path, rows);
  return resolveTableSpec(LOCAL_FILES, { type, path, base: dir, columns }, NUMBERS, never);
}

async function parquet(name: string, columns: Record<string, string>, fields: RowFields) {
  return resolveTableSpec(
    LOCAL_FILES,
    { type: 'parquet', path: fixture(name), base: dir, columns },
    fields,
    never,
  );
}

describe('a field of numbers', () => {
  it.each([
    ['csv', 'word,x\na,one\nb,two\nc,\n', 'one'],
    ['jsonl', '{"word":"a","x":"1"}\n{"word":"b","x":"2"}\n', '1'],
  ] as const)('takes no column that has text in all of its first rows (%s)', async (type, rows, example) => {
    const why = `the column "x" holds text such as "${example}", which cannot feed the field "x": it takes numbers. Its`;
    await expect(text(type, rows)).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining(why) as string,
      issues: [{ path: '/input/columns/x' }],
    });
  });

  it('takes a column if one row has a number, or if nothing is there', async () => {
    for (const rows of ['word,x\na,one\nb,2\n', 'word,x\na,\n'])
      expect((await text('csv', rows)).spec.type).toBe('csv');
    expect((await text('csv', 'word,x,y\na,one,1\n', { x: 'y' })).spec.type).toBe('csv');
    const mixed = '{"word":"a","x":[1]}\n{"word":"b","x":2}\n';
    expect((await text('jsonl', mixed)).spec.type).toBe('jsonl');
  });

  it('takes a column by its type (parquet)', async () => {
    await expect(parquet('plain-none', { x: 'word' }, NUMBERS)).rejects.toThrow(
      'the column "word" holds text, which cannot feed the field',
    );
    expect((await parquet('plain-none', {}, NUMBERS)).spec.type).toBe('parquet');
  });
});

it('bytes feed a file, but no text, which they would be in base64', async () => {
  const fields = (name: string, strings: readonly string[]) => ({
    names: [name],
    needed: [name],
    text: null,
    strings,
  });
  await expect(parquet('kinds', { text: 'bytes' }, fields('text', ['text']))).rejects.toThrow(
    'the column "bytes" holds bytes, which cannot feed the field "text": write them as strings. Its columns: ',
  );
  expect((await parquet('kinds', { image: 'bytes' }, fields('image', []))).spec.type).toBe('parquet');
});
