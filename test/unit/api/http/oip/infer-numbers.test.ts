import { expect, it } from 'vitest';
import { parseInfer } from '#forebay/api/http/oip/parse-infer.js';
import { rowsOfInputs } from '#forebay/api/http/oip/rows-of-inputs.js';
import { readModelConfig } from '#forebay/shared/models/read-model-config.js';

const infer = (datatype: string, data: string) =>
  parseInfer(
    Buffer.from(`{"inputs":[{"name":"x","datatype":"${datatype}","shape":[2],"data":[1,${data}]}]}`),
    null,
  );

it.each([
  ['FP64', '1e999', 'Infinity'],
  ['FP32', '-1e39', '-1e+39'],
  ['INT8', '300', '300'],
])('an element of %s that is too large is refused: %s', (datatype, data, shown) => {
  expect(() => infer(datatype, data)).toThrow(
    `Element 1 of the input "x" is ${shown}, which is not ${datatype}.`,
  );
});

it('an infinite number cannot be a field of a record, in which it would become null', () => {
  const read = readModelConfig({ name: 'm', task: 'tabular', columns: [{ name: 'x' }] });
  if (!read.ok) throw new Error(JSON.stringify(read.issues));
  const rows = (elements: Float64Array<ArrayBuffer>) =>
    rowsOfInputs([{ name: 'x', datatype: 'FP64', shape: [2], elements }], {
      config: read.config,
      graphInputs: null,
    });
  expect(rows(Float64Array.of(1, 2))).toEqual({ is: 'rows', rows: [{ x: 1 }, { x: 2 }] });
  expect(() => rows(Float64Array.of(1, -Infinity))).toThrow(
    'The input "x" has the value -Infinity, which a field of a record cannot hold.',
  );
});
