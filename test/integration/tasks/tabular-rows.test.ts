// Records in a tabular model in a real lane: how they become tensors and answers, and which of them fail.
import { expect, it } from 'vitest';
import { ColumnRows, type CellColumn } from '#forebay/shared/domain/column-rows.js';
import { listOf } from '#forebay/workers/lane/lane-rows.js';
import type { LaneInput } from '#forebay/workers/lane/messages.js';
import { answerOf, loadedLane, type SharedLane } from '../../support/lanes.ts';
import { writeOnnx } from '../../support/onnx/graph.ts';
import { floats, step } from '../../support/onnx/mean-model.ts';
import {
  echoGraph,
  featuresGraph,
  SCORES,
  sumGraph,
  tabularModel,
  tensor,
} from '../../support/onnx/tabular-models.ts';

const ABC = ['a', 'b', 'c'];

it('a bad record fails alone, with a sentence that names the column and the values that it takes', async () => {
  const lane = await loadedLane(tabularModel(sumGraph(), { columns: ABC }));
  const answers = await run(lane, [
    '{"a":1,"b":2,"c":3,"id":"x","other":{"deep":[1]}}',
    '{"a":1,"b":2}',
    '{"a":1,"b":null,"c":3}',
    '{"a":"5.1","b":2,"c":3}',
    '{"a":1,"b":"often","c":3}',
    '{"a":1,"b":[2],"c":3}',
    '{"a":1,"b":{"v":2},"c":3}',
    '{"a":1,"b":2,"c":1e999}',
    '{"a":1,"b":2,"c":1e39}',
    '{"a":1,"b":2,"c":NaN}',
    '[1,2,3]',
    '{"a":true,"b":false,"c":-0.5}',
  ]);
  expect(answers).toEqual([
    { value: 123 },
    'invalid_row: column "c" is missing: the field "c" must hold a number, or set "missing" of the column in model.json to "zero", "mean" or "nan"',
    'invalid_row: column "b" is null: the field "b" must hold a number, or set "missing" of the column in model.json to "zero", "mean" or "nan"',
    'invalid_row: column "a" is the string "5.1", but takes a number: write the number without quotes',
    'invalid_row: column "b" is the string "often", but takes a number',
    'invalid_row: column "b" is a list, but takes a number',
    'invalid_row: column "b" is an object, but takes a number',
    'invalid_row: column "c" is Infinity, but takes a number of at most 3.4e38',
    'invalid_row: column "c" is 1e+39, but takes a number of at most 3.4e38',
    expect.stringMatching(/^invalid_row: the record is not JSON/),
    'invalid_row: the record is not a JSON object',
    { value: 99.5 },
  ]);
});

it('rows that come as columns have the answers and errors of the same records', async () => {
  const lane = await loadedLane(tabularModel(sumGraph(), { columns: ABC }));
  const columns: CellColumn[] = [
    { name: 'a', cells: BigInt64Array.of(1n, 2n, 3n, 4n, 2n ** 53n) },
    { name: 'b', cells: [0.5, null, [1, 2], Float32Array.of(1), Uint8Array.of(255)] },
    { name: 'c', cells: Float64Array.of(1, 2, 3, Number.NaN, 5) },
  ];
  const rows = ColumnRows.join([ColumnRows.of(columns, 5), ColumnRows.of(columns, 1)]);
  const options = { top_k: 1 };
  const { outcomes } = await lane.run({ model: 'm', rows, options });
  expect(outcomes).toEqual((await lane.run({ model: 'm', rows: listOf(rows), options })).outcomes);
  expect(outcomes.map((outcome) => (outcome.ok ? outcome.result : outcome.error.message))).toEqual([
    '"value":106',
    expect.stringMatching(/column "b" is null/),
    'column "b" is a list, but takes a number',
    'column "b" is a list, but takes a number',
    expect.stringMatching(/column "a" is the string "9007199254740992"/),
    '"value":106',
  ]);
});

it('a row that is a file is refused, and the error says how to give records', async () => {
  const lane = await loadedLane(tabularModel(sumGraph(), { columns: ABC }));
  const rows: LaneInput[] = [{ bytes: Uint8Array.of(1, 2) }, { json: '{"a":1,"b":1,"c":1}' }];
  const { outcomes } = await lane.run({ model: 'm', rows, options: { top_k: 1 } });
  expect(outcomes).toEqual([
    {
      ok: false,
      error: { code: 'invalid_row', message: expect.stringMatching(/takes records.*\.jsonl/) as string },
    },
    { ok: true, result: '"value":111' },
  ]);
});

it('a column with the name of an inherited property is missing unless the record has it', async () => {
  const columns = ['constructor', '__proto__', 'toString'];
  const lane = await loadedLane(tabularModel(sumGraph(), { columns }));
  expect(
    await run(lane, ['{"constructor":1,"__proto__":2,"toString":3}', '{"constructor":1,"toString":3}']),
  ).toEqual([{ value: 123 }, expect.stringMatching(/column "__proto__" is missing/)]);
});

it('a missing value is an error, 0 or the mean, as the rule of its column says', async () => {
  const columns = [
    { name: 'a', missing: 'zero' },
    { name: 'b', missing: 'mean', mean: 2.5, from: 'B' },
    { name: 'c', from: 'C' },
  ];
  const lane = await loadedLane(tabularModel(sumGraph(), { columns }));
  expect(
    await run(lane, ['{"C":1}', '{"a":null,"B":null,"C":1}', '{"a":1,"B":1,"C":1}', '{"a":1,"b":1,"c":1}']),
  ).toEqual([
    { value: 26 },
    { value: 26 },
    { value: 111 },
    expect.stringMatching(/^invalid_row: column "c" \(field "C"\) is missing/),
  ]);
});

it('a graph that replaces NaN itself gets NaN for a missing value', async () => {
  const filling = featuresGraph(
    [step('IsNaN', ['X'], 'gaps'), step('Where', ['gaps', 'seven', 'X'], 'filled')],
    [tensor('filled', 'float32', 'N', 3)],
    'N',
    [floats('seven', [], [7])],
  );
  const columns = ['a', { name: 'b', missing: 'nan' }, 'c'];
  const lane = await loadedLane(tabularModel(filling, { columns, output: ['filled'] }));
  expect(await run(lane, ['{"a":1,"c":2}', '{"a":1,"b":"NaN","c":2}'])).toEqual([
    { outputs: { filled: [1, 7, 2] } },
    'invalid_row: column "b" is the string "NaN", but takes a number',
  ]);
});

it('each type of input takes exactly the values that it can hold', async () => {
  const inputs = [
    tensor('long', 'int64', 'N', 1),
    tensor('int', 'int32', 'N', 1),
    tensor('byte', 'uint8', 'N'),
    tensor('flag', 'bool', 'N', 1),
    tensor('double', 'float64', 'N', 1),
    tensor('text', 'string', 'N', 1),
  ];
  const columns = inputs.map(({ name }) => name);
  const output = columns.map((name) => `${name}_out`);
  const lane = await loadedLane(tabularModel(echoGraph(inputs), { columns, output }));
  const good = {
    long: -9007199254740991,
    int: 2147483647,
    byte: 255,
    flag: true,
    double: 0.1,
    text: 'Łódź 🙂 ',
  };
  const withOther = (other: object) => JSON.stringify({ ...good, ...other });
  const answers = await run(lane, [
    withOther({}),
    withOther({ long: 2 ** 53 }),
    withOther({ long: 1.5 }),
    withOther({ long: '7' }),
    withOther({ int: 2 ** 31 }),
    withOther({ byte: -1 }),
    withOther({ byte: 0.5 }),
    withOther({ flag: 2 }),
    withOther({ flag: 'true' }),
    withOther({ text: 5 }),
    withOther({ text: 'a\0b' }),
    withOther({ text: null }),
    withOther({ long: true, flag: 0, text: '' }),
  ]);
  const named = (values: object) => ({
    outputs: Object.fromEntries(Object.entries(values).map(([name, value]) => [`${name}_out`, value])),
  });
  expect(answers).toEqual([
    named(good),
    expect.stringMatching(/column "long" is 9007199254740992, but takes a whole number from/),
    expect.stringMatching(/column "long" is 1.5, but takes a whole number/),
    expect.stringMatching(/column "long" is the string "7".*without quotes/),
    expect.stringMatching(/column "int" is 2147483648, but takes a whole number from -2147483648/),
    expect.stringMatching(/column "byte" is -1, but takes a whole number from 0 to 255/),
    expect.stringMatching(/column "byte" is 0.5/),
    expect.stringMatching(/column "flag" is 2, but takes true or false/),
    expect.stringMatching(/column "flag" is the string "true", but takes true or false/),
    expect.stringMatching(/column "text" is 5, but takes a string: write "5"/),
    expect.stringMatching(/column "text" holds the character U\+0000.*remove it/),
    'invalid_row: column "text" is null: the field "text" must hold a string',
    named({ ...good, long: 1, flag: false, text: '' }),
  ]);
});

it('several columns can feed one of several inputs, in their order', async () => {
  const inputs = [tensor('numbers', 'float32', 'N', 2), tensor('texts', 'string', 'N', 2)];
  const columns = [
    { name: 'city', input: 'texts' },
    { name: 'age', input: 'numbers' },
    { name: 'plan', input: 'texts' },
    { name: 'income', input: 'numbers' },
  ];
  const output = ['numbers_out', 'texts_out'];
  const lane = await loadedLane(tabularModel(echoGraph(inputs), { columns, output }));
  expect(
    await run(lane, [
      '{"city":"Bern","age":1,"plan":"pro","income":0.1}',
      '{"city":"Oslo","age":3}',
      '{"city":"Oslo","age":3,"plan":"free","income":16777217}',
    ]),
  ).toEqual([
    { outputs: { numbers_out: [1, 0.1], texts_out: ['Bern', 'pro'] } },
    expect.stringMatching(/column "income" is missing/),
    { outputs: { numbers_out: [3, 16777216], texts_out: ['Oslo', 'free'] } },
  ]);
});

it.each([1, 4])('a graph with a fixed batch of %i gives the same answers', async (batch) => {
  const lane = await loadedLane(tabularModel(sumGraph(batch), { columns: ABC }));
  const numbers = Array.from({ length: 7 }, (_, i) => i);
  const rows = numbers.map((i) => (i === 2 ? '{}' : JSON.stringify({ a: i, b: 0, c: 0.25 })));
  const answers = await run(lane, rows);
  expect(answers.filter((_, i) => i !== 2)).toEqual(
    numbers.filter((i) => i !== 2).map((i) => ({ value: 100 * i + 0.25 })),
  );
});

it('batches of many sizes, several at once, keep their rows apart', async () => {
  const lane = await loadedLane(tabularModel(sumGraph(), { columns: ABC }));
  const sizes = [1, 50, 3, 128, 7, 2];
  await Promise.all(
    sizes.map(async (size, n) => {
      const rows = Array.from({ length: size }, (_, i) => JSON.stringify({ a: n, b: i / 4, c: 0 }));
      const wanted = rows.map((_, i) => ({ value: Math.fround(100 * n + 2.5 * i) }));
      expect(await run(lane, rows)).toEqual(wanted);
    }),
  );
});

it('a result that is not finite fails its row, and results have all digits of their type', async () => {
  const graph = featuresGraph([step('Log', ['X'], 'logs')], [tensor('logs', 'float32', 'N', 3)]);
  const lane = await loadedLane(
    tabularModel(graph, { columns: ABC, output: ['logs'], example: { a: 1, b: 1, c: 1 } }),
  );
  expect(await run(lane, ['{"a":1,"b":-1,"c":1}', '{"a":1,"b":1,"c":0}', '{"a":2,"b":1,"c":1}'])).toEqual([
    'inference_failed: the model returned NaN in "logs"',
    'inference_failed: the model returned -Infinity in "logs"',
    { outputs: { logs: [0.6931472, 0, 0] } },
  ]);
  const one = writeOnnx({
    inputs: [tensor('x', 'float64', 'N', 1)],
    outputs: [tensor('root', 'float64', 'N')],
    operators: [step('Sqrt', ['x'], 'roots'), step('Squeeze', ['roots', 'axis'], 'root')],
    weights: [{ name: 'axis', type: 'int64', shape: [1], data: [1] }],
  });
  const root = await loadedLane(tabularModel(one, { columns: ['x'] }));
  expect(await run(root, ['{"x":2}', '{"x":-2}', '{"x":1e300}'])).toEqual([
    { value: Math.SQRT2 },
    'inference_failed: the model returned NaN',
    { value: 1e150 },
  ]);
});

it('predictions have class names from model.json or the labels file, and top_k limits their number', async () => {
  const config = { columns: ABC, activation: 'none' };
  const rows = ['{"a":0.25,"b":0.5,"c":0.125}'];
  const named = [
    { index: 1, label: 'two', score: 0.5 },
    { index: 0, label: 'one', score: 0.25 },
  ];
  const inline = tabularModel(SCORES, { ...config, classes: ['one', 'two', 'three'] });
  expect(await run(await loadedLane(inline), rows, 2)).toEqual([{ predictions: named }]);
  const file = tabularModel(SCORES, config, ['one', 'two', 'three']);
  expect(await run(await loadedLane(file), rows, 2)).toEqual([{ predictions: named }]);
  const softmax = tabularModel(SCORES, { columns: ABC, activation: 'softmax' });
  expect(await run(await loadedLane(softmax), ['{"a":1,"b":1,"c":1}'], 1)).toEqual([
    { predictions: [{ index: 0, score: 0.333333 }] },
  ]);
});

it('one logit becomes the score of one class, or the scores of two', async () => {
  const rows = [JSON.stringify({ a: 0, b: 0, c: Math.log(3) })];
  const one = tabularModel(sumGraph(), { columns: ABC, activation: 'sigmoid' });
  expect(await run(await loadedLane(one), rows)).toEqual([{ predictions: [{ index: 0, score: 0.75 }] }]);
  const two = tabularModel(sumGraph(), { columns: ABC, activation: 'sigmoid', classes: ['no', 'yes'] });
  expect(await run(await loadedLane(two), rows)).toEqual([
    {
      predictions: [
        { index: 1, label: 'yes', score: 0.75 },
        { index: 0, label: 'no', score: 0.25 },
      ],
    },
  ]);
});

/** Returns one answer per record: the fields of its result, or "code: message". */
async function run(lane: SharedLane, records: readonly string[], topK = 5): Promise<unknown[]> {
  const rows = records.map((json) => ({ json }));
  const { outcomes } = await lane.run({ model: 'm', rows, options: { top_k: topK } });
  return outcomes.map(answerOf);
}
