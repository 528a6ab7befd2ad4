/** Whatever is in a CSV file, all readers find the same rows, and those that csv-parse finds where it is well-formed. */
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { LOCAL_FILES } from '#forebay/shared/datasets/bytes/local-files.js';
import { withFile } from '#forebay/shared/datasets/bytes/byte-file.js';
import { csvRecords } from '#forebay/shared/datasets/csv/csv-records.js';
import { FoundRecords } from '#forebay/shared/datasets/csv/found-records.js';
import { csvFile, textOf } from '../../../../support/csv-file.ts';

const file = csvFile();
afterAll(() => file.remove());

/** A cell as it is written, with or without need for quotes. */
const cell = fc
  .tuple(
    fc.string({
      unit: fc.constantFrom('a', ',', ';', '"', '\n', '\r', 'ä', ' ', '1', '.', '\\'),
      maxLength: 6,
    }),
    fc.boolean(),
  )
  .map(([text, quotes]) => (quotes || /[",;\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text));

describe('rows of a CSV file', () => {
  it('are those of csv-parse, for every well-formed file', async () => {
    const table = fc.record({
      rows: fc.array(fc.tuple(cell, cell, cell), { maxLength: 12 }),
      eol: fc.constantFrom('\n', '\r\n'),
      last: fc.boolean(),
      delimiter: fc.constantFrom(',', ';'),
    });
    await fc.assert(
      fc.asyncProperty(table, async ({ rows, eol, last, delimiter }) => {
        const lines = [['x', 'y', 'z'], ...rows].map((cells) => cells.join(delimiter));
        const content = lines.join(eol) + (last ? eol : '');
        file.write(content);
        const spec = await file.spec({ text: ['x', 'y', 'z'] });
        const slices = await file.slices(spec, 5);
        const found = (await Promise.all(slices.map(async (slice) => file.open(spec, slice)))).flat();
        const expected = parse(content, {
          delimiter,
          record_delimiter: ['\r\n', '\n'],
          columns: true,
          cast: (value, { quoting }) => (value === '' && !quoting ? null : value),
        });
        expect(found.map((row) => JSON.parse(textOf(row)) as unknown)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  /** Pieces that make good and bad rows, in any order. */
  const piece = fc.constantFrom(
    '"',
    '""',
    ',',
    '\n',
    '\r\n',
    'ab',
    ' ',
    '"x"',
    '"x",',
    '1,2\n',
    '"a\nb",2\n',
    '"a\nsome more text",2\n',
    '"a\nmuch more text than a buffer holds",2\n',
    '\t',
  );

  it('are the same wherever cutting stops and continues, whatever the content', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        async (pieces, size) => {
          file.write(`a,b\n${pieces.join('')}`);
          const spec = await file.spec();
          const all = await file.slices(spec, size);
          const [whole] = await file.slices(spec, 1000);
          const opened = await Promise.all(all.map(async (slice) => file.open(spec, slice)));
          const rows = opened.flat().map(textOf);
          expect(rows).toEqual(whole === undefined ? [] : (await file.open(spec, whole)).map(textOf));
          expect(opened.map(({ length }) => length)).toEqual(all.map((slice) => slice.rows));
          expect(await file.count(spec)).toBe(rows.length);
          const listed = await file.list(spec);
          expect(
            listed.map(({ at }) => at.replace('invalid:', '')).filter((at) => at.startsWith('line')),
          ).toEqual(rows.filter((row) => row.startsWith('line')));
          for (const [i, { cursor }] of all.entries()) {
            expect(await file.slices(spec, size, cursor)).toEqual(all.slice(i + 1));
          }
        },
      ),
      { numRuns: 80 },
    );
  });

  it('are the same for any size of reads, and long rows are skipped without holding them', async () => {
    const maxBytes = 12;
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        async (pieces, chunk) => {
          const text = pieces.join('');
          file.write(text);
          const whole = new FoundRecords({ delimiter: 0x2c, maxBytes, firstLine: 1 });
          whole.find(Buffer.from(text), 0, 0, true);
          const expected = placesOf(whole);
          const found: unknown[] = [];
          const kept: FoundRecords[] = [];
          await withFile(LOCAL_FILES, file.path, never, async (opened) => {
            const range = { from: 0, to: null, line: 1 };
            for await (const some of csvRecords(opened, range, 0x2c, never, { maxBytes, chunk })) {
              found.push(...placesOf(some));
              kept.push(some.kept());
            }
          });
          expect(found).toEqual(expected);
          expect(kept.flatMap(placesOf)).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });
});

const never = new AbortController().signal;

function placesOf(records: FoundRecords) {
  return Array.from({ length: records.count }, (_, at) => ({
    start: records.start(at),
    end: records.end(at),
    line: records.number(at),
    height: records.height(at),
    isTooLong: records.isTooLong(at),
    // Reading may have let go of the bytes of a long record.
    text: records.isTooLong(at) ? null : records.view.toString('latin1', records.from(at), records.to(at)),
  }));
}
