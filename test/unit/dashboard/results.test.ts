// Rows of results in the dashboard: marks, masks, filters and pages.
import { describe, expect, it } from 'vitest';
import { compressCounts, createRunLengths } from '#forebay/workers/lane/tasks/segmentation/run-lengths.js';
import type { ErrorRow, ResultRow } from '#forebay/api/http/wire/row.js';
import { answerOf } from '../../../dashboard/results/answer-text.ts';
import { createLoadQueue } from '../../../dashboard/results/load-queue.ts';
import { markedText } from '../../../dashboard/results/marked-text.ts';
import { chosenMarks, marksOf, passes, type Mask } from '../../../dashboard/results/marks.ts';
import { decodeCounts, scaledMask } from '../../../dashboard/results/run-lengths.ts';
import { textIn } from '../../../dashboard/results/text-in.ts';
import { takeRows } from '../../../dashboard/results/take-rows.ts';

/** A mask of `on(x, y)`, as the lane writes it. */
function maskOf(width: number, height: number, on: (x: number, y: number) => boolean): Mask {
  const runs = createRunLengths();
  for (let x = 0; x < width; x++) for (let y = 0; y < height; y++) if (on(x, y)) runs.add(x * height + y, 1);
  return { size: [height, width], counts: compressCounts(runs.counts(width * height)) };
}

describe('masks', () => {
  it('reads the run lengths that the lane writes', () => {
    for (const counts of [[0, 7], [5], [3, 1, 4, 1, 5, 9, 2, 6], [100_000, 1, 2, 70_000_000, 3, 1]]) {
      expect(decodeCounts(compressCounts(counts))).toEqual(counts);
    }
  });

  it('keeps its pixels at the same size, and their place at another one', () => {
    const on = (x: number, y: number) => x >= 6 && y < 3 + (x % 2);
    const mask = maskOf(10, 8, on);
    const same = scaledMask(mask, 10, 8);
    for (let y = 0; y < 8; y++) for (let x = 0; x < 10; x++) expect(same[y * 10 + x]).toBe(Number(on(x, y)));
    const half = scaledMask(
      maskOf(10, 8, (x, y) => x >= 6 && y < 4),
      5,
      4,
    );
    expect([...half]).toEqual([0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    const double = scaledMask(
      maskOf(2, 1, (x) => x === 1),
      4,
      2,
    );
    expect([...double]).toEqual([0, 0, 1, 1, 0, 0, 1, 1]);
  });

  it('survives any text, and is off where the text ends', () => {
    expect(scaledMask({ size: [4, 4], counts: '' }, 2, 2)).toEqual(new Uint8Array(4));
    expect(scaledMask({ size: [2, 2], counts: '~~~' }, 2, 2)).toHaveLength(4);
  });
});

const resultOf = (fields: object, index = 0) => ({ index, id: `row-${index}`, ...fields }) as ResultRow;
const FAILED: ErrorRow = { index: 2, id: 'x', error: { code: 'timed_out', message: '' } };

const row = (index: number, label: string, score: number) =>
  resultOf(
    {
      detections: [
        { index: 1, label, score, box: [1, 2, 3, 4] },
        { index: 2, label: 'other', score: 0.1, box: [0, 0, 1, 1] },
      ],
    },
    index,
  );

describe('marks', () => {
  it('are the labels of every kind of answer, and nothing of an answer with another form', () => {
    expect(marksOf(row(0, 'cat', 0.9))[0]).toEqual({ index: 1, label: 'cat', score: 0.9, box: [1, 2, 3, 4] });
    expect(marksOf(resultOf({ predictions: [{ index: 3, score: 1 }] }))).toEqual([
      { index: 3, label: '3', score: 1 },
    ]);
    const odd = resultOf({ detections: [null, 4, { label: 'x', box: [1, 'a'] }, { score: 1 }] });
    expect(marksOf(odd).map(({ label, box }) => [label, box])).toEqual([['x', undefined]]);
    const huge = resultOf({ segments: [{ index: 1, rle: { size: [1e6, 1e6], counts: '' } }] });
    expect(marksOf(huge)[0]).not.toHaveProperty('mask');
    expect(marksOf(FAILED)).toEqual([]);
  });

  it('can be chosen by label and score', () => {
    const rows = [row(0, 'cat', 0.9), row(1, 'dog', 0.3)];
    const at = (label: string, least: number) => rows.filter((one) => passes(one, { label, least })).length;
    expect([at('', 0), at('cat', 0), at('', 0.5), at('other', 0.5)]).toEqual([2, 1, 1, 0]);
    expect(chosenMarks(rows[0]!, { label: '', least: 0.5 })).toHaveLength(1);
    expect([passes(FAILED, { label: '', least: 0 }), passes(FAILED, { label: '', least: 0.1 })]).toEqual([
      true,
      false,
    ]);
  });
});

it('a table shows only the beginning of a long answer or error', () => {
  const long = 'x'.repeat(5_000);
  const rows = [
    { index: 0, id: 'a', error: { code: 'predictor_error', message: long } },
    { index: 1, id: 'b', predictions: [{ index: 0, label: long, score: 1 }] },
    { index: 2, id: 'c', answer: long },
  ] as (ErrorRow | ResultRow)[];
  expect(rows.map((row) => answerOf(row).length)).toEqual([201, 201, 201]);
});

it('a row in which the model has found nothing says so', () => {
  const found = (answer: object) => answerOf({ index: 0, id: 'a', ...answer } as ResultRow);
  expect(found({ detections: [] })).toBe('nothing found');
  expect(found({ segments: [] })).toBe('nothing found');
  expect(found({ value: [] })).toBe('{"value":[]}');
});

it('a page ends after its rows, or after all that it may look at, and then ends the request', async () => {
  let sent = 0;
  let signal: AbortSignal | null = null;
  async function* rows(given: AbortSignal) {
    signal = given;
    for (let i = 0; i < 100; i++) {
      sent += 1;
      yield row(i, i % 10 === 0 ? 'cat' : 'dog', 1);
    }
  }
  const cats = { label: 'cat', least: 0 };
  expect(await takeRows(rows, cats, 3, 1000)).toMatchObject({
    looked: 21,
    next: 21,
    rows: [{ index: 0 }, { index: 10 }, { index: 20 }],
  });
  expect(sent).toBe(21);
  expect(signal!.aborted).toBe(true);
  expect(await takeRows(rows, cats, 30, 15)).toMatchObject({ looked: 15, next: 15 });
  expect(await takeRows(rows, cats, 30, 1000)).toMatchObject({ looked: 100, next: null });
});

it('loads no more pictures at once than it may, and none for a row that has left the page', async () => {
  const queue = createLoadQueue(2);
  const started: number[] = [];
  const ends: (() => void)[] = [];
  const gone = new AbortController();
  const load = (n: number, signal = new AbortController().signal) =>
    queue.add(async () => {
      started.push(n);
      await new Promise<void>((resolve) => ends.push(resolve));
    }, signal);
  const all = [load(0), load(1), load(2, gone.signal), load(3)];
  const left = expect(all[2]).rejects.toThrow();
  gone.abort();
  expect(started).toEqual([0, 1]);
  ends.shift()!();
  await all[0];
  await left;
  await Promise.resolve();
  expect(started).toEqual([0, 1, 3]);
  for (const end of ends) end();
  await Promise.all([all[1], all[3]]);
});

it('cuts a text where a model has labelled it', () => {
  const entities = [
    { label: 'PER', score: 1, start: 0, end: 3, text: 'Ada' },
    { label: 'X', score: 1, start: 2, end: 5, text: '' },
    { label: 'LOC', score: 1, start: 13, end: 19, text: 'London' },
  ];
  const found = resultOf({ entities });
  const pieces = markedText(JSON.stringify({ text: 'Ada lives in London.' }), found);
  expect(pieces.map(({ text, label }) => `${text}|${label ?? ''}`)).toEqual([
    'Ada|PER',
    ' lives in |',
    'London|LOC',
    '.|',
  ]);
  // A column that is joined may be named `error`.
  expect(markedText('Ada', resultOf({ entities, error: 'none' }))[0]!.label).toBe('PER');
  expect(markedText('{"a":1}', resultOf({}))[0]!.text).toBe('{\n  "a": 1\n}');
});

it('takes bytes that are not UTF-8 for no text', () => {
  expect(textIn(new Uint8Array([0xff, 0xfe]).buffer)).toBeNull();
  expect(textIn(new Uint8Array([65, 0]).buffer)).toBeNull();
  expect(textIn(new TextEncoder().encode('é').buffer as ArrayBuffer)).toBe('é');
});
