import { expect, it } from 'vitest';
import { createLines, LineStarts } from '#forebay/shared/datasets/lines/lines.js';

/** The lines of a text that begins at offset `base` of its file. */
function linesOf(
  text: string | Buffer,
  more: { maxBytes?: number; longStart?: number; base?: number; recycle?: (() => void) | null } = {},
) {
  const view = Buffer.from(text as string);
  const { maxBytes = 100, longStart = null, base = 0, recycle = null } = more;
  const starts = new LineStarts();
  starts.add(0);
  for (let at = view.indexOf(10); at !== -1; at = view.indexOf(10, at + 1)) starts.add(at + 1);
  const isOpen = view.length > 0 && view.at(-1) !== 10;
  if (isOpen) starts.add(view.length);
  return createLines({ view, base, first: 5, starts, isOpen, longStart, maxBytes, recycle });
}

it('lines know their numbers, offsets, bytes and texts', () => {
  const lines = linesOf('ab\r\n\nc\n', { base: 40 });
  expect(lines.count).toBe(3);
  expect([0, 1, 2].map((at) => lines.number(at))).toEqual([5, 6, 7]);
  expect([0, 1, 2].map((at) => [lines.start(at), lines.end(at)])).toEqual([
    [40, 44],
    [44, 45],
    [45, 47],
  ]);
  expect([0, 1, 2].map((at) => lines.bytes(at)?.toString())).toEqual(['ab\r', '', 'c']);
  expect(lines.text(2)).toEqual({ ok: true, text: 'c' });
});

it.each([
  ['of ASCII', 'ab\ncd\n', ['ab', 'cd']],
  ['with other letters', 'ä\n日本\nc\n', ['ä', '日本', 'c']],
])('lines give texts %s', (_, text, expected) => {
  const lines = linesOf(text);
  expect(expected.map((__, at) => lines.text(at))).toEqual(expected.map((one) => ({ ok: true, text: one })));
});

it('only the line that is not UTF-8 is reported', () => {
  const lines = linesOf(Buffer.from([0x61, 10, 0xff, 10, 0x62, 10]));
  expect([0, 1, 2].map((at) => lines.text(at))).toEqual([
    { ok: true, text: 'a' },
    { ok: false, problem: 'not_utf8' },
    { ok: true, text: 'b' },
  ]);
});

it('a line that is too long is reported without its bytes', () => {
  const lines = linesOf('abcd\nef\n', { maxBytes: 3 });
  expect(lines.bytes(0)).toBeNull();
  expect(lines.text(0)).toEqual({ ok: false, problem: 'too_long' });
  expect(lines.text(1)).toEqual({ ok: true, text: 'ef' });
  // The buffer holds only the end of this long line.
  const end = linesOf('d\ne\n', { longStart: 7, base: 90 });
  expect([end.start(0), end.end(0), end.bytes(0)]).toEqual([7, 92, null]);
  expect(end.text(1)).toEqual({ ok: true, text: 'e' });
});

it.each([
  ['', true],
  [' \t\r', true],
  ['\u000b\f', true],
  [' x', false],
  ['\u0001', false],
  ['\u00a0', false],
])('a line is blank if it has only white space: %j', (text, blank) => {
  expect(linesOf(`${text}\n`).isBlank(0)).toBe(blank);
});

it.each([
  ['no blank line', 'a\nbc\n', ['a\n', 'bc\n'], [0, 1]],
  ['blank lines anywhere', '\n \na\n\t\n\nbc\nd\n\n', ['a\n', 'bc\n', 'd\n'], [2, 5, 6]],
  ['a last line without a line break', 'a\n\nbc', ['a\n', 'bc'], [0, 2]],
  ['only blank lines', '\n\n', [], []],
  [
    'more lines than fit at first',
    'x\n'.repeat(3000),
    Array<string>(3000).fill('x\n'),
    [...Array(3000).keys()],
  ],
])('a copy has the lines that are not blank: %s', (_, text, expected, at) => {
  const [copy, inPlace] = [null, () => {}].map((recycle) => linesOf(text, { recycle }).copy()!);
  expect(inPlace).toEqual(copy);
  const found = Array.from(copy!.ends, (end, i) => copy!.bytes.toString('utf8', copy!.ends[i - 1] ?? 0, end));
  expect(found).toEqual(expected);
  expect([...copy!.at]).toEqual(at);
  expect(copy!.bytes.length).toBe(copy!.ends.at(-1) ?? 0);
});

it('lines with one that is too long cannot be copied', () => {
  expect(linesOf('abcd\nef\n', { maxBytes: 3 }).copy()).toBeNull();
});
