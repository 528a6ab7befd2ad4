import { expect, it } from 'vitest';
import { ownerOf } from '#forebay/shared/redis/cluster-connector.js';

const asked = { host: 'asked', port: 1 };
const SLOTS = [
  [0, 99, ['a', 7000, 'id', []], ['b', 7001, 'id', []]],
  [100, 16_383, ['', 7002, 'id', []]],
];

it('the owner of a slot is the first node of its range', () => {
  expect(ownerOf(SLOTS, 99, asked)).toEqual({
    owner: { host: 'a', port: 7000 },
    nodes: [
      { host: 'a', port: 7000 },
      { host: 'b', port: 7001 },
      { host: 'asked', port: 7002 },
    ],
  });
});

it('a node that does not know its own host has the one that was asked', () => {
  expect(ownerOf(SLOTS, 100, asked).owner).toEqual({ host: 'asked', port: 7002 });
});

it('a slot without a node is a reason to ask the next one', () => {
  expect(() => ownerOf(SLOTS.slice(0, 1), 100, asked)).toThrow(/CLUSTERDOWN.*slot 100/);
});
