import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { issuesOf } from '#forebay/api/http/wire/issues.js';
import { nearestName } from '#forebay/shared/text/nearest-name.js';

function issues(schema: z.ZodType, value: unknown, base?: string) {
  const { error } = schema.safeParse(value);
  return issuesOf(error!, schema, value, base);
}

describe('issues', () => {
  it('point at fields with escaped JSON pointers below their base', () => {
    const schema = z.strictObject({ 'a/b': z.strictObject({ '~c': z.int() }) });
    expect(issues(schema, { 'a/b': { '~c': 'x' } }, '/query')).toMatchObject([{ path: '/query/a~1b/~0c' }]);
  });

  it('distinguish a missing field from a wrong one', () => {
    const schema = z.strictObject({ name: z.string(), kind: z.enum(['a', 'b']), size: z.int() });
    expect(issues(schema, { size: '3' })).toEqual([
      { path: '/name', message: 'is missing (string)' },
      { path: '/kind', message: expect.stringContaining('is missing') },
      { path: '/size', message: expect.stringContaining('expected number') },
    ]);
  });

  it('suggest the nearest field of the union branch that the value selects', () => {
    const schema = z.strictObject({
      input: z.discriminatedUnion('type', [
        z.strictObject({
          type: z.literal('files'),
          path: z.string(),
          exclude: z.array(z.string()).optional(),
        }),
        z.strictObject({ type: z.literal('urls'), urls: z.array(z.string()) }),
      ]),
    });
    expect(issues(schema, { input: { type: 'files', path: '/x', exclud: [] } })).toEqual([
      { path: '/input/exclud', message: 'unknown field, did you mean "exclude"?' },
    ]);
    expect(issues(schema, { input: { type: 'urls', urls: [], exclude: [] } })).toEqual([
      { path: '/input/exclude', message: 'unknown field; known fields: type, urls' },
    ]);
    expect(issues(schema, { input: { type: 'fils' } })[0]).toMatchObject({ path: '/input/type' });
  });

  it('of a union are those of the only branch that takes such a value', () => {
    const place = z.union([z.string(), z.strictObject({ format: z.enum(['csv', 'jsonl']) })]);
    const schema = z.strictObject({ output: place });
    expect(issues(schema, { output: { format: 'xlsx' } })).toEqual([
      { path: '/output/format', message: expect.stringContaining('"csv"|"jsonl"') },
    ]);
    expect(issues(schema, { output: 5 })).toEqual([
      { path: '/output', message: expect.stringMatching(/expected string.*, or .*expected object/) },
    ]);
  });

  it('suggest fields inside lists, optional fields and fields with defaults', () => {
    const schema = z.strictObject({
      rows: z.array(z.strictObject({ id: z.string() })).optional(),
      options: z.strictObject({ depth: z.int() }).default({ depth: 1 }),
    });
    expect(
      issues(schema, { rows: [{ id: 'a' }, { id: 'b', ident: 1 }], options: { depth: 1, dpeth: 2 } }),
    ).toEqual([
      { path: '/rows/1/ident', message: 'unknown field; known fields: id' },
      { path: '/options/dpeth', message: 'unknown field, did you mean "depth"?' },
    ]);
  });
});

describe('the nearest name', () => {
  it.each([
    ['batch_sise', 'batch_size'],
    ['batchsize', 'batch_size'],
    ['BATCH_SIZE', 'batch_size'],
    ['lmiit', 'limit'],
    ['batch', 'batch_size'],
  ])('to %s is %s', (typed, meant) => {
    expect(nearestName(typed, ['limit', 'batch_size', 'top_k'])).toBe(meant);
  });
  it('is null for a name that is far from all others, or very long', () => {
    expect(nearestName('zebra', ['limit', 'batch_size', 'top_k'])).toBeNull();
    expect(nearestName('x'.repeat(1_000_000), ['limit'])).toBeNull();
    expect(nearestName('anything', [])).toBeNull();
  });
});

it.each([
  ['1.5', 'must be a whole number, not "1.5"'],
  ['soon', 'must be a number, not "soon"'],
  ['x'.repeat(50), `must be a number, not "${'x'.repeat(40)}..."`],
])('a number of a query that is none is repeated: %s', (text, message) => {
  const schema = z.object({ limit: z.coerce.number().int() });
  const value = { limit: text };
  const { error } = schema.safeParse(value);
  expect(issuesOf(error!, schema, value, '/query')).toEqual([{ path: '/query/limit', message }]);
});
