// The task "tensors" in a lane. The test creates the graphs.
import { describe, expect, it } from 'vitest';
import { servedFolder } from '../../support/foreign-folders.ts';
import { loadedLane, testFolder, sharedLane } from '../../support/lanes.ts';
import { writeOnnx, type ElementType } from '../../support/onnx/graph.ts';
import { floats, ints, step } from '../../support/onnx/mean-model.ts';
import {
  graphOf,
  identityModel,
  totalModel,
  twoAxesModel,
  writeTensorModel,
} from '../../support/onnx/tensor-models.ts';
import { answeredTensors, refusalOf, runRecords } from '../../support/tensor-rows.ts';

const tensorModel = (graph: Buffer, more: object = {}) => writeTensorModel(testFolder(), graph, more);

describe('every dtype goes through a graph unchanged, in lists and in base64', () => {
  it.each<[ElementType, unknown[]]>([
    ['float32', [0.1, -3.5e38 / 2, 1e-40, 'NaN', 'Infinity', '-Infinity', 16_777_217]],
    ['float64', [0.1, -1.7976931348623157e308, 5e-324, 'NaN', 'Infinity', '-Infinity', 1e21]],
    ['float16', [0.1, -65_504, 6e-8, 'NaN', 'Infinity', '-Infinity', 2049]],
    ['int8', [-128, 127, 0]],
    ['int16', [-32_768, 32_767, 0]],
    ['int32', [-(2 ** 31), 2 ** 31 - 1, 0]],
    ['int64', ['-9223372036854775808', '9223372036854775807', -(2 ** 53) + 1, 2 ** 53 - 1]],
    ['uint8', [0, 255]],
    ['uint16', [0, 65_535]],
    ['uint32', [0, 2 ** 32 - 1]],
    ['uint64', [0, '18446744073709551615', '9007199254740992']],
    ['bool', [true, false, true]],
    ['string', ['', 'Łódź "quoted"\n', '👍']],
  ])('%s', async (type, values) => {
    const graph = identityModel(type, ['N', 'length']);
    const lane = await loadedLane(tensorModel(graph));
    const [lists] = await answeredTensors(lane, [{ x: values }]);
    expect(lists!['y']).toEqual(values.map((value) => ROUNDED.get(value) ?? value));
    if (type === 'string') return;
    await lane.load({
      model: 'base64',
      ...tensorModel(graph, { outputs: { y: { encoding: 'base64' } } }),
      threads: 1,
    });
    const [coded] = await answeredTensors(lane, [{ x: values }], 'base64');
    expect(coded!['y']).toMatchObject({ dtype: type, shape: [values.length] });
    const [back] = await answeredTensors(lane, [{ x: coded!['y'] }]);
    expect(back).toEqual(lists);
  });
});

/** Values that are rounded to the nearest number of their type. */
const ROUNDED = new Map<unknown, number>([
  [16_777_217, 16_777_216],
  [2049, 2048],
  [-3.5e38 / 2, -1.75e38],
]);

describe('several inputs and outputs with their batch on different axes', () => {
  const config = {
    inputs: { b: { batch_axis: 1 }, c: { value: 0.5 } },
    outputs: { turned: {}, sum: {} },
  };
  const rows = [1, 2, 3, 4, 5].map((n) => ({ a: [n, 10 * n], b: [100 * n, 1000 * n], note: 'ignored' }));
  const expected = [1, 2, 3, 4, 5].map((n) => ({
    turned: [101 * n + 0.5, 1010 * n + 0.5],
    sum: [101 * n + 0.5, 1010 * n + 0.5],
  }));

  it('rows of one batch get their own answers, with outputs in the order of model.json', async () => {
    const lane = sharedLane();
    const info = await lane.load({ model: 'm', ...tensorModel(twoAxesModel(), config), threads: 1 });
    expect(info.fixedBatch).toBeNull();
    expect(info.notes).toEqual([]);
    expect(info.outputs.map(({ name }) => name)).toEqual(['sum', 'turned']);
    const answers = await answeredTensors(lane, rows);
    expect(answers).toEqual(expected);
    expect(Object.keys(answers[0]!)).toEqual(['turned', 'sum']);
  });

  it('bad rows fail alone, wherever they are', async () => {
    const lane = await loadedLane(tensorModel(twoAxesModel(), config));
    const bad = { a: [1], b: [1, 2] };
    const mixed = [bad, rows[0]!, { ...bad, a: [1, 'x'] }, rows[1]!, rows[2]!, bad];
    const outcomes = await runRecords(lane, mixed);
    expect(outcomes.map(({ ok }) => ok)).toEqual([false, true, false, true, true, false]);
    const good = await answeredTensors(lane, [rows[0]!, rows[1]!, rows[2]!]);
    expect(good).toEqual(expected.slice(0, 3));
    expect(outcomes.filter(({ ok }) => ok)).toEqual(await runRecords(lane, rows.slice(0, 3)));
  });

  it('a fixed batch is padded', async () => {
    const lane = sharedLane();
    const info = await lane.load({ model: 'm', ...tensorModel(twoAxesModel(3), config), threads: 1 });
    // A fixed first dimension is a batch only if model.json says so.
    expect(info.notes).toEqual([expect.stringMatching(/inputs\.a\.batch_axis/)]);
    const declared = { ...config, inputs: { ...config.inputs, a: { batch_axis: 0 } } };
    const fixed = await lane.load({ model: 'm', ...tensorModel(twoAxesModel(3), declared), threads: 1 });
    expect([fixed.fixedBatch, fixed.notes]).toEqual([3, []]);
    expect(await answeredTensors(lane, rows)).toEqual(expected);
  });

  it('an input without a batch axis may come with each row, and each row then runs alone', async () => {
    const lane = sharedLane();
    const own = { inputs: { b: { batch_axis: 1 } } };
    const info = await lane.load({ model: 'm', ...tensorModel(twoAxesModel(), own), threads: 1 });
    expect(info.fixedBatch).toBe(1);
    expect(info.notes).toEqual([
      'each row has a call of its own, because the input "c" has no batch axis: in model.json, set inputs.c.batch_axis, or inputs.c.value if all rows share it',
    ]);
    const answers = await answeredTensors(lane, [
      { ...rows[0]!, c: 1 },
      { ...rows[0]!, c: -1 },
    ]);
    expect(answers.map(({ sum }) => sum)).toEqual([
      [102, 1011],
      [100, 1009],
    ]);
  });
});

describe('an input for which the graph has a value', () => {
  const scaled = {
    inputs: [
      { name: 'x', type: 'float32', shape: ['N', 2] },
      { name: 'scale', type: 'float32', shape: [1] },
    ],
    outputs: [{ name: 'y', type: 'float32', shape: ['N', 2] }],
    operators: [step('Mul', ['x', 'scale'], 'y')],
    weights: [floats('scale', [1], [3])],
  } as const;

  it('keeps that value, because onnxruntime-node cannot replace it: a row that gives another one fails', async () => {
    const { dir } = tensorModel(writeOnnx(scaled));
    const { lane } = await servedFolder(dir);
    const [plain, replaced] = await runRecords(lane, [{ x: [1, 2] }, { x: [1, 2], scale: [10] }]);
    expect(plain).toEqual({ ok: true, result: '"outputs":{"y":[3,6]}' });
    expect(replaced).toMatchObject({
      error: { code: 'invalid_row', message: expect.stringMatching(/"scale" must be left out/) as string },
    });
    const named = tensorModel(writeOnnx(scaled), { inputs: { scale: { value: [10] } } });
    await expect(servedFolder(named.dir)).rejects.toThrow(
      /names the input "scale", but the graph has a value/,
    );
  });

  it('was the rule for all weights in old graphs, so rows may have fields of their names', async () => {
    const { lane } = await servedFolder(tensorModel(writeOnnx(scaled, { ir: 3 })).dir);
    expect(await answeredTensors(lane, [{ x: [1, 2], scale: [10] }])).toEqual([{ y: [3, 6] }]);
  });
});

it('rows of different shapes run in separate calls, and their answers keep the order of the rows', async () => {
  const lane = await loadedLane(tensorModel(totalModel()));
  const lists = [[1, 2], [3], [], [4, 5], [6], [0.5, 0.25]];
  const answers = await answeredTensors(
    lane,
    lists.map((x) => ({ x })),
  );
  expect(answers.map(({ total }) => total)).toEqual([3, 3, 0, 9, 6, 0.75]);
});

it('a graph without a batch takes whole tensors, one row per call', async () => {
  const lane = sharedLane();
  const graph = identityModel('int32', [2, 2]);
  const info = await lane.load({ model: 'm', ...tensorModel(graph), threads: 1, probe: { batchSize: 8 } });
  expect([info.fixedBatch, info.batchInvariance?.verdict]).toEqual([1, 'fixed_batch']);
  const whole = [
    [1, 2],
    [3, 4],
  ];
  expect(await answeredTensors(lane, [{ x: whole }, { x: [whole[1], whole[0]] }])).toEqual([
    { y: whole },
    { y: [whole[1], whole[0]] },
  ]);
});

it('a graph without shapes gets them from model.json, and outputs may have any size', async () => {
  const inputs = { x: { shape: ['length', 2], batch_axis: 1 } };
  const graph = identityModel('float32', null);
  const lane = await loadedLane(tensorModel(graph, { inputs, outputs: { y: { batch_axis: 1 } } }));
  const rows = [
    [[1, 2]],
    [[3, 4]],
    [
      [5, 6],
      [7, 8],
    ],
  ];
  const answers = await answeredTensors(
    lane,
    rows.map((x) => ({ x })),
  );
  expect(answers.map(({ y }) => y)).toEqual(rows);
});

describe('the probe compares the floats of all outputs', () => {
  const meanModel = (output: 'float32' | 'int64') =>
    graphOf({
      inputs: [{ name: 'x', type: 'float32', shape: ['N', 4] }],
      outputs: [
        { name: 'same', type: 'float32', shape: ['N', 4] },
        { name: 'moved', type: output, shape: ['N', 4] },
      ],
      operators: [
        step('Identity', ['x'], 'same'),
        step('ReduceMean', ['x'], 'level', { axes: [0], keepdims: 1 }),
        step('Sub', ['x', 'level'], 'away'),
        step('Mul', ['away', 'hundred'], 'more'),
        step('Cast', ['more'], 'moved', { to: output === 'int64' ? 7 : 1 }),
      ],
      weights: [floats('hundred', [], [100])],
    });

  it.each<[string, 'float32' | 'int64', object, string]>([
    ['a float output that depends on the batch makes the model variant', 'float32', {}, 'variant'],
    ['integers are ignored beside floats', 'int64', {}, 'invariant'],
    ['integers are compared if there are no floats', 'int64', { outputs: { moved: {} } }, 'variant'],
  ])('%s', async (_what, type, config, verdict) => {
    const model = tensorModel(meanModel(type), config);
    const info = await sharedLane().load({ model: 'm', ...model, threads: 1, probe: { batchSize: 4 } });
    expect(info.batchInvariance?.verdict).toBe(verdict);
  });
});

it('an example of model.json is used to try a graph that fails on made-up values', async () => {
  const graph = graphOf({
    inputs: [{ name: 'steps', type: 'int64', shape: [1] }],
    outputs: [{ name: 'y', type: 'float32', shape: ['some'] }],
    operators: [step('Slice', ['six', 'first', 'last', 'first', 'steps'], 'y')],
    weights: [floats('six', [6], [1, 2, 3, 4, 5, 6]), ints('first', [0]), ints('last', [6])],
  });
  await expect(loadedLane(tensorModel(graph))).rejects.toMatchObject({
    code: 'model_load_failed',
    message: expect.stringMatching(/^the graph fails on made-up inputs.*"example".*model\.json/) as string,
  });
  const lane = await loadedLane(tensorModel(graph, { inputs: { steps: { example: [2] } } }));
  const outcomes = await runRecords(lane, [{ steps: [3] }, { steps: [0] }]);
  expect(outcomes).toEqual([
    { ok: true, result: '"outputs":{"y":[1,4]}' },
    { ok: false, error: { code: 'inference_failed', message: expect.stringMatching(/Slice/i) as string } },
  ]);
});

it('an output that is not a tensor is left out, and a note says so', async () => {
  const graph = graphOf({
    inputs: [{ name: 'x', type: 'float32', shape: ['N', 1] }],
    outputs: [
      { name: 'list', type: 'float32', shape: ['N', 1], isSequence: true },
      { name: 'y', type: 'float32', shape: ['N', 1] },
    ],
    operators: [step('SequenceConstruct', ['x'], 'list'), step('Neg', ['x'], 'y')],
  });
  const lane = sharedLane();
  const info = await lane.load({ model: 'm', ...tensorModel(graph), threads: 1 });
  expect(info.notes).toEqual([expect.stringMatching(/^the output "list" .* is left out/)]);
  expect(await answeredTensors(lane, [{ x: [2] }])).toEqual([{ y: [-2] }]);
  await expect(loadedLane(tensorModel(graph, { outputs: { list: {} } }))).rejects.toMatchObject({
    code: 'config_mismatch',
    message: expect.stringMatching(/"list" not a tensor/) as string,
  });
});

it('a row whose values do not fit is refused, and the error names the field', async () => {
  const lane = await loadedLane(
    tensorModel(twoAxesModel(), { inputs: { b: { batch_axis: 1 }, c: { value: 0 } } }),
  );
  const good = { a: [1, 2], b: [1, 2] };
  const rows = [
    { a: [1, 2] },
    { a: [1, 2], B: [1, 2] },
    { ...good, b: [1, 2, 3] },
    { ...good, a: [1, '2'] },
    { ...good, c: 1 },
    [],
  ];
  const outcomes = await runRecords(lane, rows);
  expect(outcomes.map(refusalOf)).toEqual([
    'the field "b" is missing: it must be float32[2]',
    'the field "b" is missing: it must be float32[2]; the record has the field "B" instead',
    'the field "b": expected float32[2], got [3]',
    'the field "a": expected float32[2], but [1] is "2"; float32 takes numbers of at most 3.4e38, "NaN", "Infinity" and "-Infinity"',
    'the field "c" must be left out: model.json gives its value for all rows (inputs.c.value)',
    'the record is not a JSON object',
  ]);
  const file = await lane.run({ model: 'm', rows: [{ bytes: new Uint8Array(1) }], options: {} });
  expect(refusalOf(file.outcomes[0])).toBe(
    'the row is a file, but the model takes records with the fields "a" (float32[2]), "b" (float32[2])',
  );
});

describe('a config that contradicts its graph is refused, and both sides are named', () => {
  const fitting = { b: { batch_axis: 1 }, c: { value: 0 } };
  it.each<[string, object, RegExp]>([
    [
      'an unknown input',
      { inputs: { bb: {} } },
      /names the input "bb", but the graph has "a" .* did you mean "b"/,
    ],
    [
      'an unknown output',
      { inputs: fitting, outputs: { summ: {} } },
      /the output "summ".*did you mean "sum"/,
    ],
    [
      'another dtype',
      { inputs: { a: { dtype: 'int64' } } },
      /inputs\.a\.dtype .* is int64, but .* "a" float32\[batch,2\]/,
    ],
    [
      'another shape',
      { inputs: { a: { shape: [3] } } },
      /inputs\.a\.shape .* is \[3\], but .* a row has \[2\]/,
    ],
    [
      'an axis that is not there',
      { inputs: { a: { batch_axis: 2 } } },
      /inputs\.a\.batch_axis .* is 2, but .*: choose an axis from 0 to 1$/,
    ],
    [
      'a constant of another type',
      { inputs: { c: { value: 'x' } } },
      /inputs\.c\.value .*one float32, got "x".* "c" float32\[\]/,
    ],
    [
      'an example of another shape',
      { inputs: { a: { example: [1] } } },
      /inputs\.a\.example .*float32\[2\], got \[1\]/,
    ],
    [
      'a wrong example shape',
      { inputs: { a: { example_shape: [1] } } },
      /inputs\.a\.example_shape .* is \[1\], but .* \[2\]/,
    ],
    [
      'a wrong output axis',
      { inputs: fitting, outputs: { turned: { batch_axis: 0 } } },
      /returned "turned" float32\[2,1\] for 1 row, so axis 0 .* outputs\.turned\.batch_axis, perhaps to 1/,
    ],
    [
      'a wrong output shape',
      { inputs: fitting, outputs: { turned: { shape: [7] } } },
      /outputs\.turned\.shape .* is \[7\], but/,
    ],
    [
      'a batch in outputs alone',
      { inputs: { a: { batch_axis: null }, b: { batch_axis: null } }, outputs: { sum: { batch_axis: 0 } } },
      /outputs\.sum\.batch_axis .* is 0, but no input/,
    ],
  ])('%s', async (_what, config, says) => {
    await expect(loadedLane(tensorModel(twoAxesModel(), config))).rejects.toMatchObject({
      code: 'config_mismatch',
      message: expect.stringMatching(says) as string,
    });
  });

  it('batches of two fixed sizes, and strings in base64', async () => {
    const inputs = { a: { batch_axis: 0 }, b: { batch_axis: 0 } };
    await expect(loadedLane(tensorModel(twoAxesModel(3), { inputs }))).rejects.toMatchObject({
      message: expect.stringMatching(
        /"a" and "b" a batch axis, but .* 3 rows in the first and 2 in the second/,
      ) as string,
    });
    const text = tensorModel(identityModel('string', ['N']), { outputs: { y: { encoding: 'base64' } } });
    await expect(loadedLane(text)).rejects.toMatchObject({ code: 'config_mismatch' });
  });
});

it('a note gives the row size to declare if rows are much larger than model.json says', async () => {
  const load = async (config: object) =>
    (
      await sharedLane().load({
        model: 'm',
        ...tensorModel(identityModel('float32', ['N', 100_000]), config),
        threads: 1,
      })
    ).notes;
  expect(await load({})).toEqual([expect.stringMatching(/"row_bytes": 800000/)]);
  expect(await load({ row_bytes: 800_000 })).toEqual([]);
});
