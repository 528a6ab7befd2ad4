import { expect, it } from 'vitest';
import { createDecodeBudget } from '#forebay/workers/lane/image/decode/memory/decode-budget.js';

const LIMIT = 100;

/** Images whose decoding ends when the test calls `end`. */
function images() {
  const budget = createDecodeBudget(LIMIT);
  const begun: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const use = async (name: string, bytes: number) =>
    budget.use(bytes, async () => {
      begun.push(name);
      return new Promise<string>((resolve, reject) => {
        ends.set(name, (error) => (error ? reject(error) : resolve(name)));
      });
    });
  return { budget, begun, use, end: (name: string, error?: Error) => ends.get(name)!(error) };
}

it('starts an image immediately if it fits, and the others in order', async () => {
  const { budget, begun, use, end } = images();
  const a = use('a', 60);
  const b = use('b', 40);
  const c = use('c', 50);
  // `d` would fit, but must not overtake the waiting `c`.
  const d = use('d', 1);
  expect(begun).toEqual(['a', 'b']);
  expect(budget.usedBytes).toBe(100);
  end('b');
  expect(await b).toBe('b');
  expect(begun).toEqual(['a', 'b']);
  end('a');
  expect(await a).toBe('a');
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
  end('c');
  end('d');
  expect(await Promise.all([c, d])).toEqual(['c', 'd']);
  expect(budget.usedBytes).toBe(0);
});

it('decodes an image that is larger than the budget, but only alone', async () => {
  const { budget, begun, use, end } = images();
  const small = use('small', 1);
  const large = use('large', 500);
  expect(begun).toEqual(['small']);
  end('small');
  await small;
  expect(begun).toEqual(['small', 'large']);
  expect(budget.fits(1)).toBe(false);
  end('large');
  await large;
  expect(budget.fits(1)).toBe(true);
});

it('frees the memory of an image that failed', async () => {
  const { begun, use, end } = images();
  const bad = use('bad', 100);
  const next = use('next', 100);
  end('bad', new Error('damaged'));
  await expect(bad).rejects.toThrow('damaged');
  expect(begun).toEqual(['bad', 'next']);
  end('next');
  expect(await next).toBe('next');
});
