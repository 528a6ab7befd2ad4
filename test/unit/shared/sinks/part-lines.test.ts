import fc from 'fast-check';
import { expect, it } from 'vitest';
import { packOutcomes, sliceOutcomes } from '#forebay/shared/domain/outcomes.js';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import { partLines } from '#forebay/shared/sinks/jsonl/part-lines.js';
import type { EncodedPart } from '#forebay/shared/sinks/sink.js';

const text = fc.string({ unit: 'grapheme' });
const fields = fc.record({ label: text, score: fc.double({ noNaN: true }) });
const outcome = fc.oneof(
  fields.map((some): RowOutcome => ({ ok: true, result: JSON.stringify(some).slice(1, -1) })),
  text.map((message): RowOutcome => ({ ok: false, error: { code: 'invalid_row', message } })),
);
const firstRow = fc.oneof(
  fc.nat(2000),
  fc.maxSafeNat().map((row) => Math.min(row, 2 ** 53 - 1000)),
);

/** The lines as JSON.stringify writes them. */
function expected(ids: readonly string[], first: number, outcomes: readonly RowOutcome[]) {
  const lines = { results: '', errors: '' };
  for (const [i, one] of outcomes.entries()) {
    const row = { index: first + i, id: ids[i] };
    if (one.ok) lines.results += `${JSON.stringify({ ...row, ...JSON.parse(`{${one.result}}`) })}\n`;
    else lines.errors += `${JSON.stringify({ ...row, error: one.error })}\n`;
  }
  return lines;
}

/** The lines as texts. Their memory is used for the next part. */
function written(lines: EncodedPart) {
  const { results, errors, failed } = lines;
  const texts = { results: results.toString(), errors, failed };
  lines.release();
  return texts;
}

it('writes what JSON.stringify writes, for rows with ids and for rows that are named by their index', () => {
  fc.assert(
    fc.property(firstRow, fc.array(fc.tuple(text, outcome)), fc.nat(), (first, rows, cut) => {
      const outcomes = rows.map(([, one]) => one);
      const ids = rows.map(([id]) => id);
      const packed = packOutcomes(outcomes);
      const at = cut % (rows.length + 1);
      const parts = [sliceOutcomes(packed, 0, at), sliceOutcomes(packed, at, rows.length)];
      const failed = outcomes.filter(({ ok }) => !ok).length;
      const listed = written(partLines({ firstRow: first, rows: ids.map((id) => ({ id })) }, parts));
      expect(listed).toEqual({ ...expected(ids, first, outcomes), failed });
      const numbers = rows.map((_, i) => String(first + i));
      const numbered = written(partLines({ firstRow: first, count: rows.length }, parts));
      expect(numbered).toEqual({ ...expected(numbers, first, outcomes), failed });
    }),
  );
});

it('has no half of a character, which other readers refuse', () => {
  const rows = { firstRow: 0, rows: [{ id: 'a' }, { id: 'b\ud83d' }, { id: 'c' }] };
  const cut = '😀!'.slice(1);
  const outcomes: RowOutcome[] = [
    { ok: true, result: `"text":${JSON.stringify(cut)}` },
    { ok: true, result: '"text":"😀"' },
    { ok: false, error: { code: 'invalid_row', message: cut } },
  ];
  const { results, errors } = written(partLines(rows, [packOutcomes(outcomes)]));
  expect(results).not.toContain(String.raw`\ud`);
  expect(results.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as unknown]))).toEqual([
    { index: 0, id: 'a', text: '\ufffd!' },
    { index: 1, id: 'b\ufffd', text: '😀' },
  ]);
  expect(JSON.parse(errors)).toMatchObject({ error: { message: '\ufffd!' } });
});

it('keeps the index that a retry gives to its rows, and long results', () => {
  const long = `"embedding":[${Array.from({ length: 400 }, (_, i) => i).join(',')}]`;
  const rows = {
    firstRow: 0,
    rows: [
      { id: 'a', index: 70 },
      { id: 'b', index: 9 },
    ],
  };
  const { results } = partLines(rows, [
    packOutcomes([
      { ok: true, result: long },
      { ok: true, result: '"x":1' },
    ]),
  ]);
  expect(results.toString()).toBe(`{"index":70,"id":"a",${long}}\n{"index":9,"id":"b","x":1}\n`);
});

it('refuses outcomes of more or fewer rows', () => {
  expect(() => partLines({ firstRow: 0, count: 2 }, [packOutcomes([{ ok: true, result: '"x":1' }])])).toThrow(
    '2 rows have 1 outcomes',
  );
});

it('does not use the memory of a part that has not been written yet', () => {
  const lines = (score: number) =>
    partLines({ firstRow: 0, count: 1 }, [packOutcomes([{ ok: true, result: `"x":${score}` }])]);
  const first = lines(1);
  const second = lines(2);
  expect([first, second].map(({ results }) => results.toString())).toEqual([
    '{"index":0,"id":"0","x":1}\n',
    '{"index":0,"id":"0","x":2}\n',
  ]);
  first.release();
  first.release();
  const [third, fourth] = [lines(3), lines(4)];
  expect([second, third!, fourth!].map(({ results }) => results.toString().slice(-4, -1))).toEqual([
    ':2}',
    ':3}',
    ':4}',
  ]);
});
