// `forebay model init` on graphs that are not image classifiers.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startChildLane } from '#forebay/workers/lane-pool/child-lane.js';
import { guessed, type Given } from '../../../support/guessed.ts';
import { sharedLane, testFolder } from '../../../support/lanes.ts';
import { configIn, modelInit, modelInitIn } from '../../../support/model-init.ts';
import { writeOnnx } from '../../../support/onnx/graph.ts';
import { floats, step } from '../../../support/onnx/mean-model.ts';
import { meanColourModel } from '../../../support/onnx/models.ts';
import { endlessModel } from '../../../support/onnx/special-models.ts';
import {
  echoGraph,
  featuresGraph,
  SCORES,
  sumGraph,
  tensor,
  zipMapGraph,
} from '../../../support/onnx/tabular-models.ts';
import { graphOf, identityModel, totalModel, twoAxesModel } from '../../../support/onnx/tensor-models.ts';

function written(graph: Buffer): { dir: string; file: string } {
  const dir = testFolder();
  const file = join(dir, 'model.onnx');
  writeFileSync(file, graph);
  return { dir, file };
}

/** Softmax of three features. */
const CLASSIFIER = featuresGraph(
  [step('Softmax', ['X'], 'scores', { axis: 1 })],
  [tensor('scores', 'float32', 'N', 3)],
);

it('writes a batch size that is clearly faster, and says so', async () => {
  const { dir, file } = written(sumGraph());
  const lane = sharedLane();
  const withTimes = () => ({
    load: async (model: Parameters<typeof lane.load>[0]) => ({
      ...(await lane.load(model)),
      callTimes: [
        { rows: 128, msPerRow: [4, 4, 4] },
        { rows: 8, msPerRow: [3.5, 3.5, 3.5] },
      ],
    }),
    close: async () => undefined,
  });
  const { code, out } = await modelInitIn(withTimes, file, '--name', 'sum');
  expect(code).toBe(0);
  expect(out).toContain(
    'batching.batch_size is 8: calls of 8 rows take 13 % less time per row than calls of 128, the automatic size',
  );
  expect(configIn(dir)).toMatchObject({ batching: { batch_size: 8, max_wait_ms: 50 } });
  expect((await modelInit(file, '--name', 'sum', '--force')).out).not.toContain('batch_size');
  expect(configIn(dir)).toMatchObject({ batching: { batch_size: 'auto' } });
});

it('lists flags that have no use for the model', async () => {
  const { file } = written(sumGraph());
  const flags = ['--columns', 'a,b,c', '--pooling', 'mean', '--value', 'x=1', '--crop', '3'];
  const { code, out } = await modelInit(file, ...flags);
  expect(code).toBe(0);
  expect(out).toMatch(/Not understood or not supported\./);
  for (const flag of ['--pooling', '--value', '--crop']) {
    expect(out).toContain(`${flag} has no use for this model of the task "tabular"`);
  }
  expect(out).not.toContain('--columns has no use');
});

describe('inputs for which the graph has a value', () => {
  const names = ['factor', 'a', 'b', 'c', 'd', 'e'];
  const graph = {
    inputs: ['x', ...names].map((name) => tensor(name, 'float32', ...(name === 'x' ? ['N', 3] : []))),
    outputs: [tensor('y', 'float32', 'N', 3)],
    operators: [step('Mul', ['x', 'factor'], 'y')],
    weights: names.map((name) => floats(name, [], [2])),
  };

  it('are listed, because rows cannot give them', async () => {
    const { dir, file } = written(writeOnnx(graph));
    const { code, out } = await modelInit(file, '--task', 'tensors');
    expect(code).toBe(0);
    expect(out).toMatch(
      /left at their default, .*: "factor" float32\[\] and .* and 1 more; to choose one, export the model without/,
    );
    expect(configIn(dir)).toMatchObject({ inputs: { x: { batch_axis: 0 } } });
  });

  it('are no inputs in files in which all weights are inputs', async () => {
    const { file } = written(writeOnnx(graph, { ir: 3 }));
    const { code, out } = await modelInit(file, '--task', 'tensors');
    expect(code).toBe(0);
    expect(out).not.toContain('factor');
  });

  it.each([
    ['--value', 'factor=3'],
    ['--shape', 'factor=1'],
    ['--batch-axis', 'factor=null'],
  ])('are refused in %s', async (...flag) => {
    const { file } = written(writeOnnx(graph));
    const { code, err } = await modelInit(file, '--task', 'tensors', ...flag);
    expect(code).toBe(2);
    expect(err).toMatch(/"factor", but the graph has a value for it, .*: leave the flag out, or/);
  });
});

it.each([
  ['tabular', ['TreeEnsembleClassifier']],
  ['tensors', ['Cast']],
])('columns of booleans are taken for the task %s beside the operators %s', (task, operators) => {
  const { config } = guessed({
    inputs: [tensor('X', 'bool', 'N', 4)],
    outputs: [tensor('label', 'int64', 'N'), tensor('probabilities', 'float32', 'N', 2)],
    operators,
  });
  expect(config).toMatchObject({ task });
});

describe('tabular', () => {
  it('makes up names of the features, and reports that', async () => {
    const { dir, file } = written(sumGraph());
    const { code, out } = await modelInit(file, '--name', 'sum');
    expect(code).toBe(0);
    expect(configIn(dir)).toMatchObject({ name: 'sum', task: 'tabular', columns: ['f0', 'f1', 'f2'] });
    expect(out).toContain('task "tabular"');
    expect(out).toContain('columns: f0, f1, f2, because the graph does not name its features');
    expect(out).toContain('answer: the number of "variable"');
    expect(out).toContain('--input RECORDS.jsonl');
  });

  it('takes the names of --columns, and refuses a wrong number of them', async () => {
    const { dir, file } = written(CLASSIFIER);
    expect(await modelInit(file, '--columns', 'a,b')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--columns has 2 names, but the graph') as string,
    });
    expect(existsSync(join(dir, 'model.json'))).toBe(false);
    expect((await modelInit(file, '--columns', 'a, b,c')).code).toBe(0);
    expect(configIn(dir)).toMatchObject({ columns: ['a', 'b', 'c'], activation: 'none', top_k: 3 });
  });

  it('asks whether numbers are class scores if they are not probabilities', async () => {
    const { dir, file } = written(SCORES);
    expect(await modelInit(file)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/nothing says that the output holds class scores.*"activation"/) as string,
    });
    expect((await modelInit(file, '--activation', 'softmax')).code).toBe(0);
    expect(configIn(dir)).toMatchObject({ task: 'tabular', activation: 'softmax' });
  });

  it('answers with an output as it is if --output-name names it and nothing shows that it holds scores', async () => {
    const { dir, file } = written(SCORES);
    expect((await modelInit(file)).err).toContain('pass --activation, or --output-name to get the numbers');
    const { code, out } = await modelInit(file, '--output-name', 'scores');
    expect(code).toBe(0);
    expect(out).toContain('answer  the outputs "scores" as they are');
    expect(configIn(dir)).toMatchObject({ task: 'tabular', output: ['scores'] });
    expect(configIn(dir)).not.toHaveProperty('top_k');
  });

  it('names the columns after inputs of one column each', async () => {
    const graph = echoGraph([tensor('age', 'float32', 'N', 1), tensor('city', 'string', 'N', 1)]);
    const { dir, file } = written(graph);
    expect(await modelInit(file)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/nothing says which output is the answer.*--output-name/) as string,
    });
    const flags = ['--output-name', 'city_out', '--output-name', 'age_out'];
    expect((await modelInit(file, ...flags)).code).toBe(0);
    expect(configIn(dir)).toMatchObject({ columns: ['age', 'city'], output: ['city_out', 'age_out'] });
  });

  it('refuses several inputs of free width, with and without --columns', () => {
    const given: Given = {
      inputs: [tensor('num', 'float32', 'N', 'K'), tensor('cat', 'string', 'N', 'M')],
      outputs: [tensor('y', 'float32', 'N', 1)],
      operators: ['LinearRegressor'],
    };
    const says =
      /inputs "num" float32\[N,K\] and "cat" string\[N,M\] do not say .*\{"name": "age", "input": "num"\}$/;
    expect(() => guessed(given)).toThrow(says);
    expect(() => guessed({ ...given, hints: { columns: ['age', 'city'] } })).toThrow(says);
  });

  it('says what to do about ZipMap', async () => {
    const { file } = written(zipMapGraph());
    expect(await modelInit(file)).toMatchObject({
      code: 2,
      err: expect.stringContaining("convert the model with options={'zipmap': False}") as string,
    });
  });
});

describe('tensors', () => {
  it('serves any graph, with the batch axis of each tensor and the bytes of a row', async () => {
    const { dir, file } = written(twoAxesModel());
    expect(await modelInit(file)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/"c" float32\[\] has no batch axis: pass --value c=JSON/) as string,
    });
    const { code, out } = await modelInit(file, '--value', 'c=2.5');
    expect(code).toBe(0);
    expect(out).toContain('batch   the dimension "batch"');
    expect(configIn(dir)).toMatchObject({
      task: 'tensors',
      inputs: { a: { batch_axis: 0 }, b: { batch_axis: 1 }, c: { value: 2.5 } },
      outputs: { sum: { batch_axis: 0 }, turned: { batch_axis: 1 } },
      row_bytes: 32,
    });
    expect((await modelInit(file, '--force', '--value', 'c=row')).code).toBe(0);
    expect(configIn(dir)).toMatchObject({ inputs: { c: { batch_axis: null } } });
    expect((await modelInit(file, '--force', '--value', 'd=1')).err).toContain('names the input "d"');
    expect((await modelInit(file, '--force', '--value', 'c=x')).err).toContain('--value c: x is not JSON');
  });

  it('names the type that nothing can carry, and what to do', async () => {
    const { file } = written(identityModel('bfloat16', ['batch', 3, 64, 64]));
    expect((await modelInit(file)).err).toContain(
      'can carry no output of the graph, which has "y" bfloat16[batch,3,64,64]: export the model in float32',
    );
  });

  it('counts free dimensions as 1, and reports that', async () => {
    const { dir, file } = written(totalModel());
    const { code, out } = await modelInit(file);
    expect(code).toBe(0);
    expect(out).toContain('row_bytes 8: free dimensions of x count as 1');
    expect(configIn(dir)).toMatchObject({ inputs: { x: { batch_axis: 0 } }, row_bytes: 8 });
    const shaped = await modelInit(file, '--force', '--shape', 'x=5');
    expect(shaped.code).toBe(0);
    expect(shaped.out).not.toContain('free dimensions');
    expect(configIn(dir)).toMatchObject({ inputs: { x: { batch_axis: 0, shape: [5] } }, row_bytes: 24 });
  });

  it('takes the axis of rows from --batch-axis where shapes do not show it', async () => {
    const graph = graphOf({
      inputs: [tensor('x', 'float32', '', '', 3)],
      outputs: [tensor('y', 'float32', '', '', 3), tensor('size', 'int64', 3)],
      operators: [step('Identity', ['x'], 'y'), step('Shape', ['x'], 'size')],
    });
    const { dir, file } = written(graph);
    expect((await modelInit(file)).err).toContain('pass --batch-axis NAME=AXIS, or NAME=null');
    const axes = ['x=1', 'y=1', 'size=null'].flatMap((axis) => ['--batch-axis', axis]);
    expect(await modelInit(file, ...axes)).toMatchObject({
      code: 0,
      out: expect.stringContaining('axis 1 of "x", axis 1 of "y", none of "size": --batch-axis') as string,
    });
    expect(configIn(dir)).toMatchObject({
      inputs: { x: { batch_axis: 1 } },
      outputs: { y: { batch_axis: 1 }, size: { batch_axis: null } },
    });
    const wrong = async (axis: string) => (await modelInit(file, '--force', '--batch-axis', axis)).err;
    expect(await wrong('z=1')).toContain('--batch-axis names "z", but the graph has "x"');
    expect(await wrong('x=-1')).toContain('--batch-axis is NAME=AXIS');
  });

  it('guesses that a fixed first axis of all tensors is the batch', async () => {
    const value = (name: string) => tensor(name, 'float32', 4, 2, 2, 5);
    const graph = graphOf({
      inputs: [value('x')],
      outputs: [value('y')],
      operators: [step('Identity', ['x'], 'y')],
    });
    const { dir, file } = written(graph);
    const { code, out } = await modelInit(file);
    expect(code).toBe(0);
    expect(out).toMatch(/Guessed[^]*the first axis, which is fixed at 4/);
    expect(configIn(dir)).toMatchObject({ inputs: { x: { batch_axis: 0 } }, row_bytes: 160 });
  });

  it('is used instead of another task with --task', async () => {
    const { dir, file } = written(meanColourModel({ classes: [[1, 0, 0]], side: 8 }));
    expect((await modelInit(file, '--task', 'tensor')).err).toContain('did you mean "tensors"?');
    expect((await modelInit(file, '--task', 'tensors')).code).toBe(0);
    expect(configIn(dir)).toMatchObject({ task: 'tensors', inputs: { image: { batch_axis: 0 } } });
    expect((await modelInit(file, '--force', '--task', 'tabular')).code).toBe(2);
  });
});

it('gives up on a graph that hangs, and leaves nothing behind', async () => {
  const { dir, file } = written(endlessModel(8, 'always'));
  const flags = ['--activation', 'none', '--timeout', '1'];
  const { code, err } = await modelInitIn(startChildLane, file, ...flags);
  expect(code).toBe(2);
  expect(err).toContain('did not end within 1 s');
  expect(existsSync(join(dir, 'model.json'))).toBe(false);
}, 60_000);
