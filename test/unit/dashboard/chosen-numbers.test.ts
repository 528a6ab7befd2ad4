// What the dashboard says about the numbers of a job and about the memory of workers.
import { expect, it } from 'vitest';
import { chosenNumbers } from '../../../dashboard/parts/chosen-numbers.ts';
import { trendLine, withValues, type Trends } from '../../../dashboard/parts/trend.ts';

type Given = Parameters<typeof chosenNumbers>;

it('tells apart what the job asks for and what workers have chosen, and lists workers with the same choice once', () => {
  const job = (options: object) =>
    ({ options: { batch_size: null, concurrency: null, block_rows: 64, ...options } }) as Given[0];
  const stats = {
    workers: [1, 2].map((id) => ({ id: `w${id}`, batch_size: 16 * id })),
    queue: { limit: 64 },
  } as unknown as Given[1];
  const lanes = { value: 2, why: 'one per core' };
  const live = ['w1', 'w2', 'of another model'].map((id) => ({ id, lanes, threads: null }));
  const texts = (...given: Given) =>
    chosenNumbers(...given).map(({ name, value, why }) => `${name} ${value}: ${why}`);
  const automatic = texts(job({}), stats, live);
  expect(automatic[0]).toBe('most rows per model call 16, 32: the job leaves it to the workers');
  expect(automatic.filter((text) => text.startsWith('lanes'))).toEqual(['lanes of a worker 2: one per core']);
  expect(texts(job({ batch_size: 8, concurrency: 3 }), null, [])).toEqual([
    'most rows per model call 8: the job asks for it',
    'rows per block 64: fixed when the job was submitted, so that its parts stay the same',
    'blocks at once 3: the job asks for it',
  ]);
});

it('keeps the last values of live workers only, and draws the latest at the right', () => {
  let trends: Trends = new Map();
  for (let i = 0; i < 100; i++)
    trends = withValues(trends, [['a', i], ...(i === 0 ? [['b', 1] as const] : [])]);
  expect([...trends.keys()]).toEqual(['a']);
  expect(trends.get('a')).toHaveLength(60);
  expect(trendLine([0, 50, 200], 100, 59, 10)).toBe('57.0,10.0 58.0,5.0 59.0,0.0');
});
