/** What the values of Parquet columns become. The files were written by pyarrow (test/fixtures/parquet). */
import { describe, expect, it } from 'vitest';
import { LOCAL_FILES } from '#forebay/shared/datasets/bytes/local-files.js';
import { openParquetSlice } from '#forebay/shared/datasets/parquet/parquet-slice.js';
import { fixture, rowsOf, valuesOf } from '../../../../support/parquet-rows.ts';

const never = new AbortController().signal;
const WORDS = ['red', 'green', 'blue "dark"', 'ünicode'];

function plainRow(i: number): object {
  const x = i % 7 === 3 ? null : i / 4;
  return { id: `row-${i}`, x, n: i, word: WORDS[i % 4], ok: i % 3 === 0 };
}

const PLAIN = Array.from({ length: 100 }, (_, i) => plainRow(i));

describe.each(['none', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4', 'v2', 'index'])('plain-%s', (name) => {
  it('gives all values', async () => {
    expect(await valuesOf(fixture(`plain-${name}`), '0+100')).toEqual(PLAIN);
  });

  it('gives any range of rows, within and across row groups and pages', async () => {
    for (const [first, count] of [
      [0, 1],
      [5, 9],
      [39, 2],
      [38, 50],
      [99, 1],
    ] as const) {
      const rows = await valuesOf(fixture(`plain-${name}`), `${first}+${count}`);
      expect(rows).toEqual(PLAIN.slice(first, first + count));
    }
  });
});

const KINDS = {
  int64: [1, '9007199254740992', '-1152921504606846976'],
  uint64: [1, '9223372036854775808', '18446744073709551615'],
  uint32: [1, 2 ** 31, 2 ** 32 - 1],
  int8: [1, -128, 127],
  float: [0.5, null, null],
  half: [0.5, 1.5, -2],
  bool: [true, false, true],
  text: ['a', '', 'é\n"'],
  bytes: ['AP8=', '', 'YWJj'],
  fixed: ['YWJjZA==', 'AAECAw==', 'd3h5eg=='],
  date: ['2026-01-02', '1969-12-31', '2000-02-29'],
  millis: Array<string>(3).fill('2026-01-02T03:04:05.006Z'),
  micros: Array<string>(3).fill('2026-01-02T03:04:05.006007Z'),
  nanos: Array<string>(3).fill('2026-01-02T03:04:05.006007008Z'),
  local: Array<string>(3).fill('2026-01-02T03:04:05'),
  time: Array<string>(3).fill('01:02:03.000004'),
  decimal: [1.25, -0.01, 3],
  floats: [[0.5, 1.5], [], [2.5]],
  holes: [[1, null], [], [null]],
  nested: [[[1], [2, 3]], [[]], []],
  struct: [
    { a: 1, b: 'x' },
    { a: null, b: 'y' },
    { a: 3, b: null },
  ],
  structs: [[{ a: 1 }, { a: 2 }], [], [{ a: null }]],
  map: [{ k: 1 }, {}, { a: 2, b: null }],
};

describe('kinds of values', () => {
  it.each(Object.entries(KINDS))('%s, and null', async (name, expected) => {
    const rows = await valuesOf(fixture('kinds'), '0+4', { fields: [name] });
    expect(rows).toEqual([...expected, null].map((value) => ({ [name]: value })));
  });

  it('a time of the type INT96, which has no time zone', async () => {
    const times = ['2026-01-02T03:04:05.006007', '1969-12-31T23:59:00', null];
    expect(await valuesOf(fixture('int96'), '0+3')).toEqual(times.map((at) => ({ at })));
  });

  it('keeps bytes as they are in the fields of a record', async () => {
    const [row] = await rowsOf(fixture('kinds'), '0+1', { fields: ['bytes', 'floats'] });
    expect(row!.record).toMatchObject({ fields: { bytes: new Uint8Array([0, 255]), floats: [0.5, 1.5] } });
  });
});

it.each(['lists', 'lists-v2', 'lists-index'])('reads lists that span pages: %s', async (name) => {
  const expected = Array.from({ length: 40 }, (_, i) => ({
    pixels: Array.from({ length: 30 }, (__, j) => i + j / 32),
    words: [`w${i}`, null],
  }));
  expect(await valuesOf(fixture(name), '0+40')).toEqual(expected);
  for (const first of [0, 1, 7, 23, 24, 38]) {
    expect(await valuesOf(fixture(name), `${first}+2`)).toEqual(expected.slice(first, first + 2));
  }
});

it('gives the bytes of a Hugging Face image, else its path', async () => {
  const rows = await rowsOf(fixture('images'), '0+5', { fields: ['image'] });
  const images = rows.map(({ record }) => (record.ok ? record.fields['image'] : record.why));
  expect(images.slice(2)).toEqual(['far/away.jpg', null, null]);
  for (const image of images.slice(0, 2)) {
    expect(Buffer.from((image as Uint8Array).subarray(0, 2)).toString('hex')).toBe('ffd8');
  }
});

describe('columns', () => {
  it('names rows by the column that is mapped to id', async () => {
    const rows = await rowsOf(fixture('plain-none'), '2+2', { columns: { id: 'word' }, fields: ['n'] });
    expect(rows.map(({ id }) => id)).toEqual(['blue "dark"', 'ünicode']);
  });

  it('takes the id column by default, and numbers as ids', async () => {
    const [byDefault] = await rowsOf(fixture('plain-none'), '2+1', { fields: ['n'] });
    const [number] = await rowsOf(fixture('plain-none'), '2+1', { columns: { id: 'n' }, fields: [] });
    expect([byDefault!.id, number!.id]).toEqual(['row-2', '2']);
  });

  it('names rows by their index if there is no id column', async () => {
    const [row] = await rowsOf(fixture('kinds'), '2+1', { fields: ['int8'] });
    expect(row!.id).toBeNull();
  });

  it('feeds fields from mapped columns, which then have no other name', async () => {
    const columns = { text: 'word', x: 'n' };
    expect(await valuesOf(fixture('plain-none'), '1+1', { columns, fields: null })).toEqual([
      { id: 'row-1', ok: false, text: 'green', x: 1 },
    ]);
    expect(await valuesOf(fixture('plain-none'), '1+1', { columns, fields: ['text'] })).toEqual([
      { text: 'green' },
    ]);
  });
});

describe('a text that is not UTF-8', () => {
  const badRows = async (fields: readonly string[]) => {
    const rows = await rowsOf(fixture('bad-text'), '0+8', { fields });
    return rows.flatMap(({ id, record }) => (record.ok ? [] : [[id, record.why]]));
  };
  const why = (row: number, column: string) =>
    `row ${row} has a text in the column "${column}" that is not valid UTF-8`;
  const BAD_ID = [null, why(2, 'id')];

  it.each([
    ['plain', [['r1', why(1, 'plain')], BAD_ID]],
    ['words', [BAD_ID, ['r3', why(3, 'words')]]],
    ['map', [BAD_ID, ['r4', why(4, 'map')]]],
    ['struct', [BAD_ID, ['r5', why(5, 'struct')]]],
    // The path of a file with bytes is not read.
    ['image', [BAD_ID, ['r7', why(7, 'image')]]],
    ['n', [BAD_ID]],
  ])('costs the row that is read for the column "%s"', async (column, expected) => {
    expect(await badRows([column])).toEqual(expected);
  });

  it('costs the row that passes it on to the output, and a replacement character stays', async () => {
    const join = ['plain', 'words', 'image'].map((column) => ({
      column,
      name: column,
      type: 'json' as const,
    }));
    const file = await LOCAL_FILES.open(fixture('bad-text'), never);
    const chunks = [];
    for await (const part of openParquetSlice(file, { ref: '0+8' }, { fields: ['n'], join }, never))
      chunks.push(part);
    const [chunk] = chunks;
    await file.close();
    const joined = chunk!.joined!();
    const texts = Array.from({ length: 8 }, (_, at) => joined.json(at));
    expect(texts[0]).toBe('{"plain":"\ufffd","words":["\ufffd"],"image":{"bytes":"eA==","path":"\ufffd"}}');
    expect(texts.map((text) => text === '')).toEqual([false, true, true, true, false, false, true, true]);
    expect([chunk!.columns, chunk!.packed]).toEqual([null, null]);
  });
});
