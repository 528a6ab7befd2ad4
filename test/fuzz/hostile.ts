// Submits and plans that try to be expensive: patterns that backtrack, large bodies full of errors, odd names.
import fc, { type Arbitrary } from 'fast-check';
import type { FuzzRequest } from './requests.ts';

const MB = 2 ** 20;

const pattern = fc
  .tuple(
    fc.constantFrom(
      '*?',
      '?',
      '**/',
      '*/',
      '+(a*)',
      '*(a|aa)',
      '!(*a*)',
      '(a*)+',
      '{a,b}',
      '[^/]*',
      '(a|a)*',
      '(?=a*)',
    ),
    fc.integer({ min: 1, max: 300 }),
    fc.constantFrom('', '!', '*', '/', ')', '[', '{', '\\', '(?<=a)', '\\1'),
  )
  .map(([piece, times, end]) => piece.repeat(times).slice(0, 1020) + end);

const withPatterns = fc
  .record({
    include: fc.array(pattern, { maxLength: 4 }),
    exclude: fc.array(pattern, { maxLength: 4 }),
    path: fc.oneof(
      fc.constantFrom('images', '.'),
      pattern.map((glob) => `images/${glob}`),
    ),
  })
  .map((input) => JSON.stringify({ model: 'tiny', input: { type: 'files', ...input } }));

const names = fc.constantFrom(
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'prototype',
  '\0',
  '/',
  '~',
  'x'.repeat(9_000),
);
const oddNames = fc
  .tuple(
    fc.array(names, { minLength: 1, maxLength: 20 }),
    fc.constantFrom('metadata', 'options', 'webhook', 'input', 'x'),
  )
  .map(([fields, where]) => {
    const object = `{${fields.map((name) => `${JSON.stringify(name)}:"v"`).join()}}`;
    return `{"model":"tiny","input":{"type":"files","path":"images"},${JSON.stringify(where)}:${object}}`;
  });

/** Lists whose element is repeated until the body reaches its size. */
const LISTS: readonly (readonly [open: string, element: string, close: string])[] = [
  ['{"model":"tiny","input":{"type":"inline","rows":[', '{"x":1,"y":2}', ']}}'],
  ['{"model":"tiny","input":{"type":"inline","rows":[', '{"id":"a","data":"!"}', ']}}'],
  ['{"model":"tiny","input":{"type":"inline","rows":[', '[]', ']}'],
  ['{"model":"tiny","input":{"type":"urls","urls":[', '"a"', ']}}'],
  ['{"model":"tiny","input":{"type":"urls","urls":[', '1', ']}}'],
  ['{"model":"tiny","input":{"type":"urls","urls":[', '"\\', ']}}'],
  ['{"model":"tiny","input":{"type":"files","path":"images","include":[', '""', ']}}'],
  ['{"model":"tiny","input":{"type":"files","path":"images"},"metadata":{', '"a":1', '}}'],
  ['{"x":[', '[[]]', ']}'],
  ['[', '{"a":{}}', ']'],
];
/** fast-check must not shrink these bodies. Only their kind matters, and each attempt would take a second. */
const large = (bytes: Arbitrary<number>) =>
  fc.noShrink(fc.tuple(fc.constantFrom(...LISTS), bytes).map(([list, size]) => filled(list, size)));

function filled([open, element, close]: (typeof LISTS)[number], size: number): string {
  const times = Math.max(1, Math.floor((size - 200) / (element.length + 1)));
  return `${open}${`${element},`.repeat(times)}${element}${close}`;
}

/** One request per list, so that even the shortest run sends every kind of list. */
export const large2Mb: readonly FuzzRequest[] = LISTS.map((list) => ({
  method: 'POST',
  path: '/v1/jobs',
  headers: { 'content-type': 'application/json' },
  body: filled(list, 2 * MB),
}));

const body = fc.oneof(
  { weight: 60, arbitrary: withPatterns },
  { weight: 40, arbitrary: oddNames },
  { weight: 8, arbitrary: large(fc.integer({ min: 1_000, max: MB / 4 })) },
  { weight: 2, arbitrary: large(fc.constantFrom(MB, 4 * MB, 16 * MB)) },
);

export const hostile: Arbitrary<FuzzRequest> = fc.record({
  method: fc.constant('POST'),
  path: fc.constantFrom('/v1/jobs', '/v1/plan'),
  headers: fc.oneof(
    { weight: 8, arbitrary: fc.constant({ 'content-type': 'application/json' }) },
    {
      weight: 1,
      arbitrary: fc.constant({ 'content-type': 'application/json', 'idempotency-key': 'hostile' }),
    },
  ),
  body,
});
