// Which rows go to the decode threads together.
import { expect, it } from 'vitest';
import {
  gatherRows,
  type GatheredBatch,
  type OpenTarget,
} from '#forebay/workers/lane/decode-threads/gathered-rows.js';

const target = (name: string) => ({ name, geometries: [] }) as unknown as OpenTarget;
const row = (name: string) => ({ path: name, tenant: 'default' });

it('a turn of the event loop makes one message per batch, in which models share rows', async () => {
  const sent: GatheredBatch[] = [];
  const add = gatherRows(async (batch) => {
    sent.push(batch);
    // The second model of a batch cannot use the row at 1.
    return batch.targets.map(
      (_, i) => new Map(i === 1 ? [[1, { code: 'decode_failed', message: 'bad' }]] : []),
    );
  });
  const [a, b, c] = [row('a'), row('b'), row('c')];
  const [first, second, otherFirst, otherSecond] = ['1', '2', '1 again', '2 again'].map(target);
  const errors = Promise.all([
    add(first!, 0, a),
    add(second!, 0, a),
    add(first!, 1, b),
    add(second!, 1, b),
    // Another batch of the same models.
    add(otherFirst!, 5, c),
    add(otherSecond!, 5, c),
  ]);
  expect((await errors).map((error) => error?.code ?? 'ok')).toEqual([
    'ok',
    'ok',
    'ok',
    'decode_failed',
    'ok',
    'ok',
  ]);
  // A row that the first model does not get, in another turn.
  await add(second!, 2, c);
  expect(sent).toEqual([
    {
      targets: [first, second],
      rows: [
        { row: a, places: [0, 0] },
        { row: b, places: [1, 1] },
      ],
    },
    { targets: [otherFirst, otherSecond], rows: [{ row: c, places: [5, 5] }] },
    { targets: [second], rows: [{ row: c, places: [2] }] },
  ]);
});
