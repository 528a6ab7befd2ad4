import { expect, it } from 'vitest';
import { createOrderCheck, type ListingOrder } from '#forebay/shared/stores/remote/listing-order.js';

const PIECES = [
  '',
  '\t',
  '-',
  '/',
  '0',
  'a',
  '\u00e9',
  '\u07ff',
  '\ud7ff',
  '\ue000',
  '\uffff',
  '\u{10000}',
  '\u{1f600}',
];
const KEYS = PIECES.flatMap((a) =>
  PIECES.flatMap((b) => ['', '/x', '\u{1f601}'].map((c) => `s3://b/${a}${b}${c}`)),
);

/** What each order compares. */
const BYTES: Readonly<Record<'bytes' | 'folders', (key: string) => Buffer>> = {
  bytes: (key) => Buffer.from(key),
  folders: (key) => Buffer.from(key.replaceAll('/', '\0')),
};

it.each(Object.entries(BYTES))('the order by %s is that of UTF-8', (order, bytesOf) => {
  const sorted = [...new Set(KEYS)].toSorted((a, b) => Buffer.compare(bytesOf(a), bytesOf(b)));
  const check = () => createOrderCheck('s3://b/', null, [order as ListingOrder]);
  const all = check();
  for (const key of sorted) expect(all(key)).toEqual([order]);
  for (const [at, key] of sorted.slice(1).entries()) {
    const one = check();
    one(key);
    expect(() => one(sorted[at]!)).toThrow('not list');
  }
});
