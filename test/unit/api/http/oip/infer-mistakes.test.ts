// Mistakes in the JSON of an inference request: the error names the input, what is expected, and what came.
import { expect, it } from 'vitest';
import { parseInfer } from '#forebay/api/http/oip/parse-infer.js';

const X = { name: 'x', datatype: 'INT64', shape: [1], data: [1] };
const parse = (request: unknown) => parseInfer(Buffer.from(JSON.stringify(request)), null);

it.each([
  [
    { ...X, datatype: 'STRING' },
    /^The input "x", \/inputs\/0\/datatype: .*"INT64".*; it came as "STRING"\.$/,
  ],
  [{ ...X, datatype: 'int64' }, /it came as "int64"\.$/],
  [{ ...X, datatype: undefined }, /^The input "x", \/inputs\/0\/datatype: is missing\.$/],
  [{ ...X, shape: [-1] }, /^The input "x", \/inputs\/0\/shape\/0: .*>=0; it came as -1\.$/],
  [{ ...X, shape: [1.5] }, /^The input "x", \/inputs\/0\/shape\/0: .*; it came as 1\.5\.$/],
  [{ ...X, shape: '1' }, /^The input "x", \/inputs\/0\/shape: .*array.*; it came as "1"\.$/],
  [{ ...X, shape: undefined }, /^The input "x", \/inputs\/0\/shape: is missing \(array\)\.$/],
  [{ ...X, name: undefined }, /^\/inputs\/0\/name: is missing \(string\)\.$/],
  [
    { ...X, parameters: { binary_data_size: -1 } },
    /^The parameter "binary_data_size" of the input "x" .*it came as -1\.$/,
  ],
])('an input %o', (input, message) => {
  expect(() => parse({ inputs: [input] })).toThrow(message);
});

it.each([
  [{}, /^\/inputs: is missing \(array\)\.$/],
  [{ inputs: {} }, /^\/inputs: .*array.*; it came as \{\}\.$/],
  [{ inputs: [] }, /^\/inputs: .*; it came as \[\]\.$/],
  [{ inputs: [X], id: 5 }, /^\/id: .*string.*; it came as 5\.$/],
  [[X], /^The body: .*object.*; it came as \[\{"name":"x",/],
  [{ inputs: [{ ...X, shape: 'x'.repeat(1000) }] }, /^.{0,250}$/],
])('a request %o', (request, message) => {
  expect(() => parse(request)).toThrow(message);
});
