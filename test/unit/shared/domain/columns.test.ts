import { expect, it } from 'vitest';
import { COLUMNS, mapColumns } from '#forebay/shared/domain/columns.js';

it('gives columns the names of the fields that they feed, and keeps all others', () => {
  expect(mapColumns({ img: 'a.jpg', key: 7, label: 'x' }, { image: 'img', id: 'key' })).toEqual({
    image: 'a.jpg',
    id: 7,
    label: 'x',
  });
});

it('swaps names, feeds two fields from one column, and leaves out a column that is not there', () => {
  expect(mapColumns({ a: 1, b: 2 }, { a: 'b', b: 'a' })).toEqual({ a: 2, b: 1 });
  expect(mapColumns({ text: 'x' }, { text: 'text', id: 'text' })).toEqual({ text: 'x', id: 'x' });
  expect(mapColumns({ text: 'x' }, { text: 'review' })).toEqual({ text: 'x' });
  expect(mapColumns({}, { text: 'toString' })).toEqual({});
});

it('limits how many columns a request may name', () => {
  const many = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`c${i}`, 'x']));
  expect(COLUMNS.safeParse(many).success).toBe(false);
  expect(COLUMNS.safeParse({ image: '' }).success).toBe(false);
});
