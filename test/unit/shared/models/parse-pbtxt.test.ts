// Parses Protobuf's text format, which config.pbtxt uses.
import { expect, it } from 'vitest';
import { parsePbtxt, type PbValue } from '#forebay/shared/models/triton/parse-pbtxt.js';

function plain(value: PbValue): unknown {
  if (typeof value !== 'object') return value;
  return Object.fromEntries([...value].map(([key, values]) => [key, values.map(plain)]));
}

it.each<[string, object]>([
  ['', {}],
  ['a: 1 b: -2.5e3 c: 0x1F d: .5f', { a: [1], b: [-2500], c: [31], d: [0.5] }],
  ['a: "x\\"y" \'z\' b: TYPE_FP32 c: true', { a: ['x"yz'], b: ['TYPE_FP32'], c: ['true'] }],
  ['a { b: 1 } a: < b: 2 >, c [ 1, 2 ]; c: 3', { a: [{ b: [1] }, { b: [2] }], c: [1, 2, 3] }],
  ['a [ { b: 1 }, { b: 2 } ] # the end', { a: [{ b: [1] }, { b: [2] }] }],
  ['a: []', { a: [] }],
])('reads %j', (text, expected) => {
  expect(plain(parsePbtxt(text))).toEqual(expected);
});

it.each([
  ['a', 'line 1: expected ":" after a, found the end'],
  ['a: {\n b: 1', 'line 2: expected a field or "}", found the end'],
  ['a: 1\n}', 'line 2: expected a field, found "}"'],
  ['a: [1 2]', 'line 1: expected "," or "]", found "2"'],
  ['a: "x', 'line 1: unexpected "\\""'],
])('refuses %j', (text, says) => {
  expect(() => parsePbtxt(text)).toThrow(says);
});
