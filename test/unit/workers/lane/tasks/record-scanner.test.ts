// Numbers that are read straight from bytes are those that JSON.parse reads, and everything else is left to JSON.parse.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createReader } from '#forebay/workers/lane/tasks/tabular/create-reader.js';
import { createRecordScanner } from '#forebay/workers/lane/tasks/tabular/record-scanner.js';

const column = (name: string) => ({ name, missing: 'error' as const });
const reader = createReader({
  input: { name: 'X', type: 'float64', shape: ['N', 2] },
  columns: [column('a'), column('b')],
});
const scannerFor = (sample: string) => createRecordScanner(Buffer.from(sample), [reader]);

/** What a scanner for records like the sample reads. Null if it leaves the record to JSON.parse. */
function scanned(sample: string, record: string): number[] | null {
  const tensor = new Float64Array(4);
  const bytes = Buffer.from(`[${record}]`);
  const ok = scannerFor(sample)!.read(bytes, 1, bytes.length - 1, 1, [tensor]);
  return ok ? [...tensor.subarray(2)] : null;
}

it('reads the numbers that JSON.parse reads, however they are written', () => {
  const written = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.integer().map(String),
    fc.tuple(fc.integer({ min: -999, max: 999 }), fc.nat(999_999)).map(([whole, part]) => `${whole}.${part}`),
    fc.constantFrom(
      '-0',
      '0.0',
      '-0.50',
      '0.1',
      '123456789012345',
      '1234567890123456',
      '1e5',
      '0.30000000000000004',
    ),
  );
  let read = 0;
  fc.assert(
    fc.property(written, written, (a, b) => {
      const record = `{"a":${a},"b":${b}}`;
      const found = scanned('{"a":1,"b":2}', record);
      if (found === null) return;
      read += 1;
      const parsed = JSON.parse(record) as { a: number; b: number };
      expect(found).toEqual([parsed.a, parsed.b]);
      expect(Object.is(found[0], parsed.a)).toBe(true);
    }),
    { numRuns: 2000 },
  );
  expect(read).toBeGreaterThan(500);
});

it.each([
  ['no space', '{"a":1,"b":2}', '{"a":0.5,"b":-7}', [0.5, -7]],
  ['the spaces of Python', '{"a": 1, "b": 2}', '{"a": 0.5, "b": -7}', [0.5, -7]],
  ['a line break', '{"a":1,"b":2}\r\n', '{"a":3,"b":4}\r\n', [3, 4]],
  [
    'another order and other fields',
    '{"id":7,"b":1,"note":"x","a":2}',
    '{"id":99,"b":3,"note":"é y","a":4}',
    [4, 3],
  ],
  ['a field that is a text here and a number there', '{"a":1,"b":2,"c":"x"}', '{"a":1,"b":2,"c":5}', [1, 2]],
])('reads records with %s', (_, sample, record, expected) => {
  expect(scanned(sample, record)).toEqual(expected);
});

it.each([
  ['another order', '{"b":1,"a":2}'],
  ['another space', '{"a": 1,"b":2}'],
  ['a missing value', '{"a":null,"b":2}'],
  ['a text', '{"a":"1","b":2}'],
  ['one more field', '{"a":1,"b":2,"c":3}'],
  ['one field less', '{"a":1}'],
  ['no end', '{"a":1,"b":2'],
  ['more after the end', '{"a":1,"b":2}x'],
  ['a leading zero', '{"a":01,"b":2}'],
  ['a plus', '{"a":+1,"b":2}'],
  ['no digit after the point', '{"a":1.,"b":2}'],
  ['no digit before the point', '{"a":.5,"b":2}'],
  ['an exponent', '{"a":1e2,"b":2}'],
  ['more digits than a double holds', '{"a":0.1234567890123456,"b":2}'],
  ['nothing', ''],
])('leaves records with %s to JSON.parse', (_, record) => {
  expect(scanned('{"a":1,"b":2}', record)).toBeNull();
});

it.each([
  ['an invalid number in a field that the model does not take', '{"a":1,"b":2,"c":1.2.3}'],
  ['an escape', '{"a":1,"b":2,"c":"\\n"}'],
  ['a line break in a text', '{"a":1,"b":2,"c":"\n"}'],
  ['a text without end', '{"a":1,"b":2,"c":"x}'],
])('leaves records with %s to JSON.parse', (_, record) => {
  expect(scanned('{"a":1,"b":2,"c":3}', record)).toBeNull();
});

it.each([
  ['nested', '{"a":1,"b":{"c":2}}'],
  ['a list', '{"a":1,"b":[2]}'],
  ['with a name twice', '{"a":1,"b":2,"a":3}'],
  ['without a column', '{"a":1}'],
  ['with an escape in a name', '{"\\u0061":1,"b":2}'],
  ['empty', '{}'],
  ['no object', '[1,2]'],
  ['with more after the end', '{"a":1,"b":2}}'],
])('does not learn from a record that is %s', (_, sample) => {
  expect(scannerFor(sample)).toBeNull();
});

it('leaves numbers that the column does not hold to its reader', () => {
  const whole = createReader({
    input: { name: 'X', type: 'int64', shape: ['N', 1] },
    columns: [column('a')],
  });
  const scanner = createRecordScanner(Buffer.from('{"a":1}'), [whole])!;
  const tensor = new BigInt64Array(1);
  const read = (record: string) => scanner.read(Buffer.from(record), 0, record.length, 0, [tensor]);
  expect(read('{"a":-12}')).toBe(true);
  expect(tensor[0]).toBe(-12n);
  expect(read('{"a":1.5}')).toBe(false);
});

it('does not read texts for the model', () => {
  const texts = createReader({
    input: { name: 'X', type: 'string', shape: ['N', 1] },
    columns: [column('a')],
  });
  expect(createRecordScanner(Buffer.from('{"a":"x"}'), [texts])).toBeNull();
});
