import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { MAX_RECORD_BYTES } from '#forebay/shared/datasets/max-record-bytes.js';
import { LOCAL_FILES } from '#forebay/shared/datasets/bytes/local-files.js';
import { parseRecord } from '#forebay/shared/datasets/jsonl/parse-record.js';
import { createJsonlSource } from '#forebay/shared/datasets/jsonl/jsonl-source.js';
import { locateRow } from '#forebay/shared/datasets/locate.js';
import { openDataset } from '#forebay/shared/datasets/open-dataset.js';
import { listRows, openSlice } from '#forebay/shared/datasets/open-slice.js';
import { resolveTableSpec } from '#forebay/shared/datasets/table/resolve-table-spec.js';
import type { Slice } from '#forebay/shared/datasets/source.js';
import type { BlockSlice } from '#forebay/shared/domain/block.js';
import type { Cursor, DatasetSpec } from '#forebay/shared/domain/dataset-spec.js';

const dir = mkdtempSync(join(tmpdir(), 'forebay-jsonl-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const never = new AbortController().signal;
const path = join(dir, 'rows.jsonl');
const spec = { type: 'jsonl' as const, path, base: dir };

async function slices(size: number, from: Cursor | null = null): Promise<Slice[]> {
  const found: Slice[] = [];
  for await (const slice of createJsonlSource(spec, LOCAL_FILES).slices!(from, () => size, never))
    found.push(slice);
  return found;
}

const blockOf = ({ firstRow, rows, ref, check }: Slice): BlockSlice => ({
  firstRow,
  count: rows,
  ref,
  check,
});

async function opened(slice: Slice) {
  const rows: { id: string; text: string }[] = [];
  for await (const chunk of openSlice(LOCAL_FILES, spec, blockOf(slice), never)) {
    for (let at = 0; at < chunk.count; at++) {
      const record = chunk.record(at);
      const id = chunk.ids?.[at] ?? String(slice.firstRow + rows.length);
      rows.push({ id, text: record.ok ? record.json : record.why });
      if (record.ok)
        expect(chunk.packed?.json(at).trimEnd() ?? record.json.trimEnd()).toBe(record.json.trimEnd());
    }
  }
  return rows;
}

async function listed() {
  const rows: { id: string; at: string }[] = [];
  for await (const { row } of createJsonlSource(spec, LOCAL_FILES).read(null, never))
    rows.push({ id: row.id, at: row.at! });
  return rows;
}

describe('a JSONL file', () => {
  it('gives each record its own id, or its number if it has none', async () => {
    writeFileSync(path, '\ufeff{"id":"a","x":1}\r\n\n  \n{"x":2}\n{"id":7}');
    const [slice] = await slices(10);
    expect(await opened(slice!)).toEqual([
      { id: 'a', text: '{"id":"a","x":1}\r' },
      { id: '1', text: '{"x":2}' },
      { id: '7', text: '{"id":7}' },
    ]);
    expect((await listed()).map(({ id }) => id)).toEqual(['a', '1', '7']);
  });

  it('has ids that are whole numbers of any size', async () => {
    writeFileSync(
      path,
      '{"id":1809251234567890123}\n{"x":"\\"id\\":1", "id" : -1809251234567890124 }\n{"id":1e3}\n{"id":1e21}\n',
    );
    const [slice] = await slices(10);
    const ids = ['1809251234567890123', '-1809251234567890124', '1000', '1e+21'];
    expect((await opened(slice!)).map(({ id }) => id)).toEqual(ids);
  });

  it('has a bad row for a record that nests too deeply to be written again', () => {
    const deep = (levels: number) => `{"t":"a","x":${'['.repeat(levels)}"[["${']'.repeat(levels)}}`;
    const read = (levels: number) => parseRecord({ ok: true, text: deep(levels) }, 'line 1', { text: 't' });
    expect(read(999)).toMatchObject({ ok: true, fields: { text: 'a' } });
    expect(read(1_000)).toMatchObject({ ok: false, why: 'line 1 nests more than 1000 levels deep' });
  });

  it('has a bad row for a number that writing it again would turn into null', () => {
    const text = '{"t":"a","x":{"y/z":[1.7e308,1e999]}}';
    expect(parseRecord({ ok: true, text }, 'line 1', { text: 't' })).toMatchObject({
      ok: false,
      why: 'line 1 has "/x/y~1z/1", which is a number beyond 1.8e308, the largest 64-bit float',
    });
    expect(parseRecord({ ok: true, text }, 'line 1')).toMatchObject({ ok: true, json: text });
  });

  it('turns each bad line into a bad row that names its line', async () => {
    const lines = ['{"x":1}', 'no JSON', '', '[1]', '{"id":[]}', `{"id":"${'i'.repeat(2000)}"}`, '"text"'];
    writeFileSync(path, `${lines.join('\n')}\n`);
    const [slice] = await slices(10);
    const rows = await opened(slice!);
    expect(rows.map(({ text }) => text.slice(0, 24))).toEqual([
      '{"x":1}',
      'line 2 is not JSON (Unex',
      'line 4 is not a JSON obj',
      'line 5 has an "id" that ',
      'line 6 has an "id" of 20',
      'line 7 is not a JSON obj',
    ]);
    const [, second] = await listed();
    expect(locateRow(spec, { id: second!.id, at: second!.at })).toMatchObject({
      kind: 'invalid',
      reason: expect.stringMatching(/^line 2 is not JSON/),
    });
  });

  it('skips the content of a line that is too long, and reads a line that just fits', async () => {
    const fits = `{"x":"${'y'.repeat(MAX_RECORD_BYTES - 8)}"}`;
    writeFileSync(path, `{"id":"first"}\n${fits}z\n${fits}\n{"id":"last"}\n`);
    const all = await slices(1);
    const texts = await Promise.all(all.map(async (slice) => (await opened(slice))[0]!));
    expect(texts.map(({ id, text }) => [id, text.length > 100 ? text.length : text])).toEqual([
      ['first', '{"id":"first"}'],
      ['1', 'line 2 is longer than 16 MB'],
      ['2', MAX_RECORD_BYTES],
      ['last', '{"id":"last"}'],
    ]);
  });

  it('is cut into slices that hold every row once, wherever cutting stops and continues', async () => {
    const line = fc.oneof(
      fc.constant(''),
      fc.constant('{"id":"named","text":"ä"}'),
      fc.string({ maxLength: 20 }).map((text) => JSON.stringify({ text })),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        async (lines, size, ends) => {
          writeFileSync(path, lines.join('\n') + (ends ? '\n' : ''));
          const all = await slices(size);
          const rows = await listed();
          const ids = await Promise.all(all.map(async (slice) => (await opened(slice)).map(({ id }) => id)));
          expect(ids.flat()).toEqual(rows.map(({ id }) => id));
          expect(all.slice(0, -1).every((slice) => slice.rows === size)).toBe(true);
          for (const [i, { cursor }] of all.entries())
            expect(await slices(size, cursor)).toEqual(all.slice(i + 1));
          expect(await createJsonlSource(spec, LOCAL_FILES).count(Infinity, never)).toBe(rows.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('refuses a slice of a file that has changed', async () => {
    writeFileSync(path, '{"x":1}\n{"x":2}\n');
    const [slice] = await slices(2);
    writeFileSync(path, '{"x":1}\n{"x":3}\n');
    await expect(listRows(LOCAL_FILES, spec, blockOf(slice!), never)).rejects.toMatchObject({
      code: 'dataset_changed',
    });
  });

  it('refuses to continue cutting a file that has changed', async () => {
    writeFileSync(path, '{"x":1}\n{"x":2}\n');
    const [first] = await slices(1);
    writeFileSync(path, '{"x":1}\n{"x":2}\n{"x":3}\n');
    await expect(slices(1, first!.cursor)).rejects.toMatchObject({ code: 'dataset_changed' });
  });

  it('gives its columns the names of the fields that they feed', async () => {
    writeFileSync(path, '{"key":"a","review":"good","text":"old"}\n{"review":"bad"}\n{"key":[1]}\n');
    const mapped: DatasetSpec = { ...spec, columns: { text: 'review', id: 'key' } };
    const [slice] = await slices(10);
    const found: unknown[] = [];
    for await (const chunk of openSlice(LOCAL_FILES, mapped, blockOf(slice!), never)) {
      for (let at = 0; at < chunk.count; at++) {
        const record = chunk.record(at);
        found.push([chunk.ids![at], record.ok ? JSON.parse(record.json) : record.why]);
      }
    }
    expect(found).toEqual([
      ['a', { id: 'a', text: 'good' }],
      ['1', { text: 'bad' }],
      ['2', 'line 3 has an id ("key") that is neither a string nor a number'],
    ]);
    const ids: string[] = [];
    for await (const { row } of openDataset(mapped).read(null, never)) ids.push(row.id);
    expect(ids).toEqual(['a', '1', '2']);
  });

  it('refuses a file that is not there or not UTF-8', async () => {
    const gone = createJsonlSource({ ...spec, path: join(dir, 'gone') }, LOCAL_FILES);
    await expect(gone.count(1, never)).rejects.toMatchObject({ code: 'input_not_found' });
    writeFileSync(path, Buffer.from('\ufeff{"x":1}\n', 'utf16le'));
    await expect(createJsonlSource(spec, LOCAL_FILES).count(1, never)).rejects.toMatchObject({
      code: 'input_unreadable',
    });
  });

  it('is refused if it is ordinary JSON, with the way to convert it', async () => {
    const fields = { names: null, needed: [], text: null };
    const resolve = async (text: string) => {
      writeFileSync(path, text);
      return resolveTableSpec(LOCAL_FILES, spec, fields, never).then(
        () => 'fine',
        (error: Error) => error.message.replace(path, 'FILE'),
      );
    };
    const rows = [{ x: 1 }, { x: [2] }];
    const list =
      "FILE is a JSON list, not JSON lines. Write one object per line with: jq -c '.[]' file.json > file.jsonl";
    for (const text of [
      JSON.stringify(rows),
      `\n${JSON.stringify(rows, null, 2)}`,
      '[{"x":1},\n{"x":2}]',
      `[{"x":"${'x'.repeat(MAX_RECORD_BYTES)}"}]`,
    ])
      expect(await resolve(text)).toBe(list);
    const many = rows.map((row) => JSON.stringify(row, null, 2)).join('\n');
    expect(await resolve(many)).toBe(
      'FILE has a JSON object over several lines, not one per line. Convert it with: jq -c . file.json > file.jsonl',
    );
    for (const text of [
      '',
      '{"x":1',
      '{"x":\n{"x":1}\n',
      '[1]\n{"x":1}\n',
      'no JSON\n{"x":1}\n',
      '{}\n"y"\n',
    ])
      expect(await resolve(text)).toBe('fine');
  });
});
