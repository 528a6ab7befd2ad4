import { afterAll, describe, expect, it } from 'vitest';
import { locateRow } from '#forebay/shared/datasets/locate.js';
import { MAX_RECORD_BYTES } from '#forebay/shared/datasets/max-record-bytes.js';
import { csvFile, textOf } from '../../../../support/csv-file.ts';

const file = csvFile();
afterAll(() => file.remove());

/** The rows of a file with this content, as JSON or as problems. */
async function rowsOf(content: string | Buffer, options: Parameters<typeof file.spec>[0] = {}) {
  file.write(content);
  const spec = await file.spec(options);
  const slices = await file.slices(spec, 1000);
  return (await Promise.all(slices.map(async (slice) => file.open(spec, slice)))).flat();
}

const textsOf = async (...given: Parameters<typeof rowsOf>) => (await rowsOf(...given)).map(textOf);

describe('a CSV file', () => {
  it('makes a record of each row, with the names of the header', async () => {
    expect(await textsOf('a,b\n1,x\n-2.5e3,"y"\n')).toEqual(['{"a":1,"b":"x"}', '{"a":-2.5e3,"b":"y"}']);
  });

  it('reads every kind of line break, a byte order mark, blank lines and a last line without a break', async () => {
    expect(await textsOf('\ufeff\n a , b\r\n1,2\r\n\r\n  \n3,4\n5,6')).toEqual([
      '{"a":1,"b":2}',
      '{"a":3,"b":4}',
      '{"a":5,"b":6}',
    ]);
  });

  it('reads delimiters, line breaks and quotes inside quotes', async () => {
    expect(await textsOf('a,b\n"x,\r\ny","say ""hi"""\n"","""\\"\n')).toEqual([
      JSON.stringify({ a: 'x,\r\ny', b: 'say "hi"' }),
      JSON.stringify({ a: '', b: '"\\' }),
    ]);
  });

  it('tells values apart: numbers, booleans, missing values and strings', async () => {
    const cells = [
      '7',
      '"7"',
      ' 7 ',
      '1e5',
      '007',
      '.5',
      '+1',
      '-',
      '1-',
      'NaN',
      '',
      '""',
      ' ',
      'true',
      'False',
      'TRUE',
      'tRUE',
      'ä',
    ];
    const rows = await textsOf(`v,w\n${cells.map((cell) => `${cell},\n`).join('')}`);
    expect(rows.map((row) => (JSON.parse(row) as { v: unknown }).v)).toEqual([
      7,
      7,
      7,
      1e5,
      '007',
      '.5',
      '+1',
      '-',
      '1-',
      'NaN',
      null,
      '',
      ' ',
      true,
      false,
      true,
      'tRUE',
      'ä',
    ]);
  });

  it('keeps fields of text as strings, but a missing value is missing', async () => {
    expect(await textsOf('v,w\n007,1\n7,1\ntrue,1\n,1\n"",1\n', { text: ['v'] })).toEqual([
      '{"v":"007","w":1}',
      '{"v":"7","w":1}',
      '{"v":"true","w":1}',
      '{"v":null,"w":1}',
      '{"v":"","w":1}',
    ]);
  });

  it('keeps every field as text for a model of texts', async () => {
    expect(await textsOf('v,w\n007,[1]\n', { text: null })).toEqual(['{"v":"007","w":"[1]"}']);
  });

  it('reads lists and objects that are JSON', async () => {
    expect(await textsOf('v;w\n[1, 2];[1\n"{""x"":[""a""]}";{}\n')).toEqual([
      '{"v":[1, 2],"w":"[1"}',
      '{"v":{"x":["a"]},"w":{}}',
    ]);
  });

  it('escapes what JSON does not allow in strings', async () => {
    const odd = 'tab\t back\\ bell\u0007 nul\0 é 😀';
    const [row] = await rowsOf(`a,b\n${odd},"${odd}\n"\n`);
    expect(row!.record).toMatchObject({ ok: true, fields: { a: odd, b: `${odd}\n` } });
  });

  it.each([
    ['a;b\n1,5;2\n', '{"a":"1,5","b":2}'],
    ['a\tb\n\t\n', '{"a":null,"b":null}'],
    ['a|b,c\n1|2\n', '{"a":1,"b,c":2}'],
    ['"a,b,c";d\n1;2\n', '{"a,b,c":1,"d":2}'],
    ['a\n1\n', '{"a":1}'],
  ])('finds the delimiter of %j', async (content, row) => {
    // A tie goes to the comma.
    const delimiter = content.includes('|b,c') ? '|' : undefined;
    expect(await textsOf(content, delimiter === undefined ? {} : { delimiter })).toEqual([row]);
  });

  it('names rows by a column', async () => {
    const rows = await rowsOf('key,v\na,1\n007,2\n,3\n"say ""x""",4\n', {
      columns: { id: 'key' },
      fields: ['v'],
    });
    expect(rows.map(({ id, record }) => [id, record.ok && record.json])).toEqual([
      ['a', '{"v":1}'],
      ['007', '{"v":2}'],
      ['2', '{"v":3}'],
      ['say "x"', '{"v":4}'],
    ]);
    expect((await file.list(await file.spec({ columns: { id: 'key' } }))).map(({ id }) => id)).toEqual(
      rows.map(({ id }) => id),
    );
  });

  it('feeds fields from the columns that are named for them, and only those that are needed', async () => {
    const content = 'img,label,text\nx.png,cat,hello\n';
    expect(await textsOf(content, { columns: { image: 'img', text: 'label' } })).toEqual([
      '{"image":"x.png","text":"cat"}',
    ]);
    expect(
      await textsOf(content, { columns: { image: 'img', copy: 'img' }, fields: ['image', 'copy'] }),
    ).toEqual(['{"image":"x.png","copy":"x.png"}']);
    expect(await textsOf(content, { fields: [] })).toEqual(['{}']);
  });
});

describe('a bad row of a CSV file', () => {
  it.each([
    ['1', 'line 3 has 1 of 2 values: column 2 ("b") is missing'],
    ['1,2,3', 'line 3 has more than 2 values, and the header has no more columns'],
    ['x"y,2', 'line 3, column 1 ("a") has a quote inside a value without quotes'],
    ['1, "y"', 'line 3, column 2 ("b") has a quote inside a value without quotes'],
    ['"x"y,2', 'line 3, column 1 ("a") has text after its closing quote'],
    ['1,"x', 'line 3, column 2 ("b") has a quote that is not closed properly'],
    [Buffer.from([0x31, 0x2c, 0xff]), 'line 3, column 2 ("b") is not valid UTF-8'],
  ])('costs only itself, and names line and column: %j', async (line, why) => {
    const content = Buffer.concat([Buffer.from('a,b\n1,ä\n'), Buffer.from(line), Buffer.from('\n3,"z"\n')]);
    const rows = await rowsOf(content);
    expect(rows).toHaveLength(3);
    expect(rows[1]!.record).toEqual({ ok: false, id: null, why: expect.stringContaining(why) });
    // A lane refuses it, and then the message above is used.
    expect(() => JSON.parse(rows[1]!.packed) as unknown).toThrow();
    expect([rows[0], rows[2]].map((row) => textOf(row!))).toEqual(['{"a":1,"b":"ä"}', '{"a":3,"b":"z"}']);
    const listed = await file.list(await file.spec());
    const { why: reason } = rows[1]!.record as { why: string };
    expect(locateRow(await file.spec(), listed[1]!)).toEqual({ kind: 'invalid', reason });
  });

  it('ends at its first line break, so later rows are not lost', async () => {
    const rows = await textsOf('a,b\n"x,1\n"y",2\nz,"3\n3"\n"open,4\nw,5\n');
    expect(rows.map((row) => row.slice(0, 30))).toEqual([
      'line 2, column 1 ("a") has a q',
      '{"a":"y","b":2}',
      '{"a":"z","b":"3\\n3"}',
      'line 6, column 1 ("a") has a q',
      '{"a":"w","b":5}',
    ]);
  });

  it('is skipped if it is too long, and a row that just fits is read', async () => {
    const fits = `"${'y'.repeat(MAX_RECORD_BYTES - 6)}",1`;
    const long = 'z'.repeat(MAX_RECORD_BYTES);
    file.write(`a,b\nfirst,1\n${fits}\n${long},1\nlast,1\n`);
    const spec = await file.spec();
    const slices = await file.slices(spec, 1);
    const rows = await Promise.all(slices.map(async (slice) => textOf((await file.open(spec, slice))[0]!)));
    expect(rows.map((text) => (text.length > 100 ? text.length : text))).toEqual([
      '{"a":"first","b":1}',
      MAX_RECORD_BYTES - 6 + '{"a":"","b":1}'.length,
      'line 4 is longer than 16 MB',
      '{"a":"last","b":1}',
    ]);
  });

  it('has an id that is too long', async () => {
    expect(await textsOf(`id,v\n${'i'.repeat(2000)},1\n`)).toEqual([
      expect.stringMatching(/^line 2 has an "id" of 2000 characters/),
    ]);
  });
});

describe('a CSV file that cannot be read', () => {
  it.each([
    ['', 'is empty'],
    ['\n \n', 'is empty'],
    ['a,b,a\n', 'line 1 names the columns 1 and 3 both "a"'],
    ['\n"a,b\n1,2\n', 'line 2, column 1 has a quote that is not closed properly'],
    ['a,b"c\n', 'line 1, column 2 has a quote inside a value without quotes'],
    [',\n1,2\n', 'line 1 names no column'],
    ['a,b\r1,2\r', 'line 1 has line breaks that are CR alone'],
    [Buffer.from('a,\xff\n', 'latin1'), 'line 1, column 2 is not valid UTF-8'],
    [Buffer.from('\ufeffa,b\n', 'utf16le'), 'is UTF-16 (little-endian)'],
    ['\ufeffsep=;\r\na;b\r\n', 'line 1 only tells Excel the delimiter'],
    [Buffer.from('PAR1\0\0\n'), 'line 1 holds NUL bytes'],
    ['x'.repeat(2 ** 20), 'line 1 has no line break within 1048576 bytes'],
  ])('is refused with the reason: %j', async (content, why) => {
    file.write(content);
    const message = expect.stringContaining(why) as string;
    await expect(file.spec()).rejects.toMatchObject({ code: 'input_unreadable', message });
    await expect(file.spec()).rejects.toThrow(file.path);
  });

  it('may have columns without a name, and a header that is long or has line breaks', async () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `column ${i}`);
    file.write(`,"two\nlines",,${names.join(',')}`);
    const spec = await file.spec();
    expect(spec.names).toEqual(['', 'two\nlines', '', ...names]);
    expect(spec.start.line).toBe(3);
    expect(await file.slices(spec, 10)).toEqual([]);
  });

  it('is refused if its header has changed since the submit', async () => {
    file.write('a,b\n1,2\n');
    const spec = await file.spec();
    file.write('a,c\n1,2\n');
    await expect(file.slices(spec, 1)).rejects.toMatchObject({ code: 'dataset_changed' });
  });
});
