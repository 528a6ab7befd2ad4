/** Reads the same records in two ways: without making a text of the file in base64, and as other records are read. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { LOCAL_FILES } from '#forebay/shared/datasets/bytes/local-files.js';
import { EncodedFile } from '#forebay/shared/datasets/embedded-file.js';
import { openJsonlSlice } from '#forebay/shared/datasets/jsonl/jsonl-slice.js';
import { parseFileRecord } from '#forebay/shared/datasets/jsonl/parse-file-record.js';
import { parseRecord, textOf } from '#forebay/shared/datasets/jsonl/parse-record.js';
import { encodeRange } from '#forebay/shared/datasets/lines/line-range.js';
import type { RowRecord } from '#forebay/shared/datasets/slice-rows.js';
import type { Columns } from '#forebay/shared/domain/columns.js';
import { sha256 } from '#forebay/shared/text/sha256.js';
import { recordInput } from '#forebay/shared/rows/record-input.js';
import { versionOf } from '#forebay/workers/intake/read/row-versions.js';

const dir = mkdtempSync(join(tmpdir(), 'forebay-file-records-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const never = new AbortController().signal;
const path = join(dir, 'rows.jsonl');

const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0]);
const image = (bytes: number) => Buffer.concat([JPEG, Buffer.alloc(bytes, 'photo')]).toString('base64');

/** What a lane and a delta job receive for each row. `inPlace`: how many files were decoded without making a text. */
async function rowsOf(lines: readonly Buffer[], fileField: string | null, columns: Columns | null) {
  const content = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
  writeFileSync(path, content);
  const rows: unknown[] = [];
  let inPlace = 0;
  const file = await LOCAL_FILES.open(path, never);
  const ref = encodeRange({ from: 0, to: content.length, line: 1 });
  const options = { fileField, columns, join: [{ column: 'n', name: 'n' }] };
  for await (const chunk of openJsonlSlice(file, { ref }, options, never)) {
    const joined = chunk.joined!();
    for (let at = 0; at < chunk.count; at++) {
      const record = chunk.record(at);
      if (record.ok && record.fields['image'] instanceof EncodedFile) inPlace += 1;
      const input = recordInput(record, 'image', '/in');
      const own = joined.slice(at, at + 1).own();
      const seen = input.is === 'bytes' ? { ...input, bytes: sha256(input.bytes) } : input;
      rows.push([chunk.ids?.[at] ?? record.id, seen, versionOf(record, 'image', own), own.toString()]);
    }
  }
  await file.close();
  return { rows, inPlace };
}

/** What else may be in a line. */
const OTHERS = [
  '"n":1',
  '"id":"a","n":"x"',
  '"id":12345678901234567890',
  '"id":[1]',
  '"key":"k"',
  '"img":null',
  '"image":"b.jpg"',
  '"x":{"image":"deep","y":[1e999]}',
  '"na\\"me":"\\"quoted\\""',
  `"id":"${'i'.repeat(2000)}"`,
  `"mask":"${image(4_000)}"`,
];
/** What is put somewhere into the base64. The texts are bytes in latin1. */
const ODD = [
  ' ',
  '-',
  '_',
  '=',
  '\\/',
  '\\u0041',
  '"',
  '\\"',
  '\\',
  '\xc3\xa9',
  '\xff',
  '\x01',
  '\t',
  '{',
  ',',
  '0',
  'A',
];
const PREFIXES = [
  '',
  'data:image/jpeg;base64,',
  'data:;base64,',
  `data:${'a'.repeat(300)};base64,`,
  'data:,',
  '/',
];
const AROUND = [
  ['{', '}'],
  ['[{', '}]'],
  ['\xef\xbb\xbf{', '}'],
  [' {', '} \r'],
  ['{', ''],
  ['{"y":', '}'],
];

/** Usually the first one. */
const choice = <T>(first: T, ...others: readonly T[]) =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(first) }, fc.constantFrom(first, ...others));

const unusualLine = fc.record({
  name: choice('image', 'img', 'id', 'text', 'im\\u0061ge'),
  bytes: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 3_000, max: 3_800 }) }, fc.constant(40_000)),
  prefix: choice(...(PREFIXES as [string])),
  before: fc.array(fc.constantFrom(...OTHERS), { maxLength: 1 }),
  after: fc.array(fc.constantFrom(...OTHERS), { maxLength: 1 }),
  odd: choice('', ...ODD),
  at: fc.nat(4_000),
  cut: choice(0, 1, 2, 3, 4),
  more: choice('', '=', '==', '==='),
  around: choice(...(AROUND as [string[]])),
});

type UnusualLine = typeof unusualLine extends fc.Arbitrary<infer T> ? T : never;

function lineOf({ name, bytes, prefix, before, after, odd, at, cut, more, around }: UnusualLine): Buffer {
  const whole = image(bytes);
  const place = Math.min(at, whole.length);
  const base64 = whole.slice(0, place) + odd + whole.slice(place, whole.length - cut) + more;
  const fields = [...before, `"${name}":"${prefix}${base64}"`, ...after].join(',');
  return Buffer.from(around[0] + fields + around[1], 'latin1');
}

/** What a lane and a delta job receive for a record. */
function seen(record: RowRecord) {
  const input = recordInput(record, 'image', '/in');
  const what = input.is === 'bytes' ? sha256(input.bytes) : input;
  return { id: record.id, input: what, version: versionOf(record, 'image', null) };
}

describe('a record with a file in base64', () => {
  it.each<[string, Columns | null, string]>([
    ['its own names', null, '{"id":"a","image":"%","n":1.50}'],
    ['other names', { id: 'key', image: 'img' }, '{"n":1.50,"img":"%","key":"a"}'],
    ['a data URL', null, '{"id":"a","image":"data:image/jpeg;base64,%","n":1.50}'],
  ])('is read without a text of the file: %s', async (_, columns, record) => {
    const lines = [0, 1, 2].map((more) => Buffer.from(record.replace('%', image(50_000 + more))));
    const { rows, inPlace } = await rowsOf(lines, 'image', columns);
    expect(inPlace).toBe(3);
    expect(rows).toEqual((await rowsOf(lines, null, columns)).rows);
    expect(rows[0]).toMatchObject(['a', { is: 'bytes' }, expect.any(String), '{"n":1.50}']);
  });

  it('gives the same row and version as if it had been parsed, or is left to the parser', () => {
    let inPlace = 0;
    fc.assert(
      fc.property(
        unusualLine,
        fc.constantFrom(
          null,
          { image: 'image', x: 'n' },
          { id: 'key', image: 'img' },
          { image: 'image', id: 'image' },
        ),
        (given, columns) => {
          const line = lineOf(given);
          const found = parseFileRecord(line, 'line 1', 'image', columns);
          if (found === null) return;
          inPlace += 1;
          expect(seen(found)).toEqual(seen(parseRecord(textOf(line), 'line 1', columns)));
        },
      ),
      { numRuns: 1_000 },
    );
    expect(inPlace).toBeGreaterThan(100);
  });
});
