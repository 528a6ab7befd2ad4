import { expect, it } from 'vitest';
import { createRowKeys, type AnswerSource } from '#forebay/workers/cache/row-key.js';

const source: AnswerSource = {
  tenant: 'default',
  modelHash: 'a1',
  options: { top_k: 5, decode: null },
  fields: ['text', 'x'],
};
const keyOf = (change: Partial<AnswerSource>, version?: string) =>
  createRowKeys({ ...source, ...change }, version)({ json: '{"text":"a"}' });
const ofJson = (json: string, fields: readonly string[] | null = source.fields) =>
  createRowKeys({ ...source, fields })({ json });

it('everything that can change an answer changes the key', () => {
  const keys = [
    keyOf({}),
    keyOf({ tenant: 'alice' }),
    keyOf({ modelHash: 'a2' }),
    keyOf({ options: { top_k: 4, decode: null } }),
    keyOf({}, '99.0.0'),
    ofJson('{"text":"b"}'),
    createRowKeys(source)({ bytes: Buffer.from('{"text":"a"}') }),
  ];
  expect(new Set(keys).size).toBe(keys.length);
  expect(keyOf({ options: { decode: null, top_k: 5 } })).toBe(keys[0]);
});

it('of a record, only the fields that the model reads count, as they are written', () => {
  expect(ofJson(' {"id":1, "x": 9007199254740993,"text":"a"}\n')).toBe(
    ofJson('{"text":"a","id":2,"x":9007199254740993}'),
  );
  // Both are the same number for JSON.parse.
  expect(ofJson('{"x":9007199254740993}')).not.toBe(ofJson('{"x":9007199254740992}'));
  expect(ofJson('{"text":null}')).not.toBe(ofJson('{}'));
  // Nobody knows what the model reads.
  expect(ofJson('{"id":1,"text":"a"}', null)).not.toBe(ofJson('{"id":2,"text":"a"}', null));
});

it('a row whose content only a lane knows, and a row that is no record, have no key', () => {
  expect(createRowKeys(source)({ path: '/a.png', tenant: 'default' })).toBeNull();
  expect(ofJson('[1]')).toBeNull();
  expect(ofJson('{"text":')).toBeNull();
});
