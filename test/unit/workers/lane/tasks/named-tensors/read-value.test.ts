// Reads the JSON value of an input into tensor elements.
import { expect, it } from 'vitest';
import type { Dtype } from '#forebay/shared/tasks/tensors/dtypes.js';
import { createElementBuffer } from '#forebay/workers/lane/tasks/named-tensors/element-buffer.js';
import { elementTypeOf } from '#forebay/workers/lane/tasks/named-tensors/element-types.js';
import { readValue } from '#forebay/workers/lane/tasks/named-tensors/read-value.js';
import type { Shape } from '#forebay/workers/lane/tasks/named-tensors/shape.js';

function read(dtype: Dtype, shape: Shape, value: unknown) {
  const type = elementTypeOf(dtype);
  const buffer = createElementBuffer(type);
  const reading = readValue(value, { type, shape }, buffer);
  return { reading, data: [...buffer.data].slice(0, buffer.used) };
}

function whyNot(dtype: Dtype, shape: Shape, value: unknown): string {
  const { reading, data } = read(dtype, shape, value);
  if (reading.ok) throw new Error(`it was read: ${String(data)}`);
  // A refused value takes no room in the buffer.
  expect(data).toEqual([]);
  return reading.why;
}

const base64 = (array: ArrayBufferView) =>
  Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('base64');

it.each<[string, Dtype, Shape, unknown, readonly number[], unknown[]]>([
  [
    'nested lists',
    'float32',
    [2, 'N'],
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    [2, 3],
    [1, 2, 3, 4, 5, 6],
  ],
  ['a number without dimensions', 'int32', [], -7, [], [-7]],
  [
    'numbers that JSON does not have',
    'float64',
    [3],
    ['NaN', 'Infinity', '-Infinity'],
    [3],
    [Number.NaN, Infinity, -Infinity],
  ],
  ['halves as bits', 'float16', [3], [1, -2, 65_519], [3], [0x3c00, 0xc000, 0x7bff]],
  ['64-bit numbers as strings', 'int64', [3], ['-9223372036854775808', 5, '7'], [3], [-(2n ** 63n), 5n, 7n]],
  ['64-bit numbers without a sign', 'uint64', [1], ['18446744073709551615'], [1], [2n ** 64n - 1n]],
  ['booleans', 'bool', [4], [true, false, 1, 0], [4], [1, 0, 1, 0]],
  ['strings', 'string', [1, 2], [['Łódź', '']], [1, 2], ['Łódź', '']],
  ['an empty list', 'float32', ['N'], [], [0], []],
  ['an empty list with inner dimensions', 'float32', ['N', 3, 'M'], [], [0, 3, 0], []],
  [
    'base64 with a shape',
    'int16',
    ['N', 2],
    { base64: base64(Int16Array.of(1, -1, 300, 0)), shape: [2, 2] },
    [2, 2],
    [1, -1, 300, 0],
  ],
  ['base64 of a fixed shape', 'float32', [2], { base64: base64(Float32Array.of(0.5, -4)) }, [2], [0.5, -4]],
  [
    'base64 with its dtype, without padding',
    'uint8',
    ['N'],
    { base64: 'AQ', shape: [1], dtype: 'uint8' },
    [1],
    [1],
  ],
  ['base64 of one number', 'int64', [], { base64: base64(BigInt64Array.of(-2n)), shape: [] }, [], [-2n]],
])('reads %s', (_what, dtype, shape, value, found, data) => {
  expect(read(dtype, shape, value)).toEqual({ reading: { ok: true, shape: found }, data });
});

it.each<[Dtype, Shape, unknown, string]>([
  ['int32', [2048], [1, 2], 'expected int32[2048], got [2]'],
  ['int32', [2], [[1, 2]], "expected int32[2], got [1,2]; a row's value has no batch dimension"],
  ['int32', [2], 5, 'expected int32[2], got 5'],
  ['int32', [2], null, 'expected int32[2], got null'],
  ['float32', ['', 'seq'], 'abc', 'expected float32[?,seq], got "abc"'],
  ['int64', [], [1], "expected one int64, got [1]; a row's value has no batch dimension"],
  [
    'int64',
    [],
    'x',
    'expected one int64, got "x"; int64 takes whole numbers from -9223372036854775808 to 9223372036854775807, those beyond 2^53 - 1 as strings',
  ],
  ['float32', [2, 2], [[1, 2], [3]], 'expected float32[2,2], but [1] has 1 instead of 2 items'],
  ['float32', [2, 2], [[1, 2], 3], 'expected float32[2,2], but [1] is 3 instead of a list'],
  ['float32', [1], [[1, 2]], 'expected float32[1], got [1,2]'],
  [
    'float32',
    [2],
    [1, [2]],
    'expected float32[2], but [1] is a list; float32 takes numbers of at most 3.4e38, "NaN", "Infinity" and "-Infinity"',
  ],
  [
    'float32',
    ['N'],
    [1, null],
    'expected float32[N], but [1] is null; float32 takes numbers of at most 3.4e38, "NaN", "Infinity" and "-Infinity"',
  ],
  [
    'float32',
    [1],
    [1e39],
    'expected float32[1], but [0] is 1e+39; float32 takes numbers of at most 3.4e38, "NaN", "Infinity" and "-Infinity"',
  ],
  [
    'float16',
    [1],
    [65_520],
    'expected float16[1], but [0] is 65520; float16 takes numbers of at most 65504, "NaN", "Infinity" and "-Infinity"',
  ],
  [
    'uint8',
    [1, 2],
    [[0, 256]],
    'expected uint8[1,2], but [0][1] is 256; uint8 takes whole numbers from 0 to 255',
  ],
  ['int8', [1], [1.5], 'expected int8[1], but [0] is 1.5; int8 takes whole numbers from -128 to 127'],
  [
    'uint64',
    [1],
    [-1],
    'expected uint64[1], but [0] is -1; uint64 takes whole numbers from 0 to 18446744073709551615, those beyond 2^53 - 1 as strings',
  ],
  [
    'int64',
    [1],
    [2 ** 53],
    'expected int64[1], but [0] is 9007199254740992; int64 takes whole numbers from -9223372036854775808 to 9223372036854775807, those beyond 2^53 - 1 as strings',
  ],
  ['bool', [1], ['yes'], 'expected bool[1], but [0] is "yes"; bool takes true, false, 1 and 0'],
  [
    'string',
    [1],
    [3],
    'expected string[1], but [0] is 3; string takes strings without U+0000, because onnxruntime-node cuts a string off there',
  ],
  [
    'float32',
    [2],
    { data: [1] },
    'expected float32[2], got an object; the only objects are {"base64": "...", "shape": [...]}',
  ],
  [
    'float32',
    [2],
    { base64: 'AAAA', size: 2 },
    'expected float32[2], got an object; the only objects are {"base64": "...", "shape": [...]}',
  ],
  ['float32', ['N'], { base64: 'AAAAAA==' }, 'expected float32[N], got base64 without its "shape"'],
  [
    'float32',
    ['N'],
    { base64: '', shape: [-1] },
    'expected float32[N], got base64 whose "shape" is not a list of whole numbers',
  ],
  ['float32', [2], { base64: '', shape: [0] }, 'expected float32[2], got base64 of shape [0]'],
  ['float32', [2], { base64: 'AAAAAA==' }, 'expected float32[2], got base64 of 4 bytes; shape [2] takes 8'],
  ['float32', [2], { base64: '', dtype: 'float64' }, 'expected float32[2], got base64 of dtype "float64"'],
  ['uint8', [3], { base64: 'A!!A' }, 'expected uint8[3], got text that is not base64'],
  ['bool', [1], { base64: 'Ag==' }, 'expected bool[1], got base64 with bytes above 1'],
  ['string', [1], { base64: '' }, 'expected string[1], got base64; give strings as lists'],
  [
    'float32',
    ['N'],
    { base64: 'AAAA', shape: [2 ** 40] },
    `expected float32[N], got base64 of 3 bytes; shape [${2 ** 40}] takes ${2 ** 42}`,
  ],
])('%s of shape %j does not take %j', (dtype, shape, value, why) => {
  expect(whyNot(dtype, shape, value)).toBe(why);
});

it('a list that is nested ten thousand times is only a wrong shape', () => {
  const deep = JSON.parse(`${'['.repeat(10_000)}1${']'.repeat(10_000)}`) as unknown;
  expect(whyNot('float32', [1], deep)).toBe('expected float32[1], got [1,1,1,1,1,1,1,1,...]');
});

it('adding a value keeps the values before it, however often the buffer grows', () => {
  const type = elementTypeOf('int32');
  const buffer = createElementBuffer(type);
  for (let i = 0; i < 100; i++) readValue([i, -1], { type, shape: [2] }, buffer);
  expect([...buffer.data].slice(0, 200)).toEqual(Array.from({ length: 100 }, (_, i) => [i, -1]).flat());
});
