// Whose rows go to the lanes next, while groups of several tenants, models and priorities wait.
import { expect, it } from 'vitest';
import { createLaneTurns } from '#forebay/workers/intake/lane-turns.js';
import { batchTimings } from '../../../support/batch-timings.ts';

const group = (name: string, tenant: string, priority = 50) => ({
  name,
  model: name,
  priority,
  turn: 0,
  ready: { tenant },
});
type Group = ReturnType<typeof group>;
const timings = (inferMs: number) => batchTimings({ inferMs });

/** Sends batches of four rows. Returns the names of the groups that sent them. */
function send(turns: ReturnType<typeof createLaneTurns>, groups: Group[], batches: number): string[] {
  return Array.from({ length: batches }, () => {
    const next = turns.sort([...groups])[0]!;
    turns.sent(next, [{ tenant: next.ready.tenant, rows: 4 }]);
    return next.name;
  });
}

it('three models of one tenant get as much as one model of another', () => {
  const groups = [group('a1', 'a'), group('a2', 'a'), group('a3', 'a'), group('b', 'b')];
  const sent = send(createLaneTurns(), groups, 12);
  expect(sent.filter((name) => name === 'b')).toHaveLength(6);
  for (const name of ['a1', 'a2', 'a3']) expect(sent.filter((one) => one === name)).toHaveLength(2);
});

it('tenants share time, not batches', () => {
  const turns = createLaneTurns();
  turns.measured('slow', 4, timings(40));
  turns.measured('fast', 4, timings(10));
  const sent = send(turns, [group('slow', 'a'), group('fast', 'b')], 10);
  expect(sent.filter((name) => name === 'fast')).toHaveLength(8);
});

it('a tenant that comes back gets no more than its share from then on', () => {
  const turns = createLaneTurns();
  const [a, b, c] = [group('a', 'a'), group('b', 'b'), group('c', 'c')];
  send(turns, [a, b, c], 3);
  send(turns, [a, b], 20);
  expect(send(turns, [a, b, c], 6).toSorted()).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
});

it('a better priority goes first', () => {
  const groups = [group('normal', 'a'), group('urgent', 'b', 1)];
  expect(send(createLaneTurns(), groups, 3)).toEqual(['urgent', 'urgent', 'urgent']);
});
