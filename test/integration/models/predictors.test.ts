// Models that are code of the user's, in real lanes and in one job of a real service.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelWire } from '#forebay/api/http/wire/model.js';
import { testModel } from '#forebay/cli/models/test-model.js';
import { ROW_KINDS } from '#forebay/shared/tasks/task-description.js';
import { templateOf } from '#forebay/workers/model-init/predictor/template.js';
import { answerOf, loadedLane, plain, sharedLane, testFolder } from '../../support/lanes.ts';
import { modelInit } from '../../support/model-init.ts';
import { meanColourModel } from '../../support/onnx/models.ts';
import { answerRows, records, toLoad, writePredictor } from '../../support/predictors.ts';
import { readOutput, startService, type Service } from '../../support/service.ts';

async function whyNotLoaded(dir: string): Promise<string> {
  const load = sharedLane().load({ model: 'bad', ...(await toLoad(dir)), threads: 1 });
  return load.then(
    () => 'loaded',
    (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
  );
}

it('a predictor outside of this package has its package, zod, modules, options and state', async () => {
  const dir = writePredictor(
    testFolder(),
    `import { z } from 'zod';
import { twice } from './lib/twice.js';
    options: z.object({ plus: z.number().default(1), name: z.string() }),
    async load(ctx) { return { calls: 0, plus: ctx.options.plus, folder: ctx.folder }; },
    async predict(rows, ctx) {
      ctx.state.calls += 1;
      return rows.map(({ fields }) => ({
        sum: twice(fields.x) + ctx.state.plus, calls: ctx.state.calls, name: ctx.options.name, aborted: ctx.signal.aborted,
      }));
    },`,
    { name: 'p', options: { name: 'n' } },
    { 'lib/twice.js': 'export const twice = (x) => 2 * x;' },
  );
  expect(await answerRows(dir, records({ x: 1 }, { x: 5 }))).toEqual([
    { answer: { sum: 3, calls: 1, name: 'n', aborted: false } },
    { answer: { sum: 11, calls: 1, name: 'n', aborted: false } },
  ]);
});

it('a graph beside the predictor, and pixels as image tasks see them, are there on request', async () => {
  const graph = meanColourModel({
    side: 8,
    classes: [
      [1, 0, 0],
      [0, 0, 1],
    ],
  });
  const dir = writePredictor(
    testFolder(),
    `async load(ctx) { return ctx.session('colour'); },
    async predict(rows, ctx) {
      const size = { width: 8, height: 8 };
      return Promise.all(rows.map(async ({ bytes }) => {
        const pixels = await ctx.pixels(bytes, { resize: size, crop: 8 });
        const data = new Float32Array(3 * 64);
        for (let c = 0; c < 3; c++) for (let i = 0; i < 64; i++) data[c * 64 + i] = pixels[3 * i + c];
        const { scores } = await ctx.state.run({ image: { type: 'float32', dims: [1, 3, 8, 8], data } });
        return Array.from(scores.data, Math.round);
      }));
    },`,
    { name: 'p', input: 'image' },
    { 'colour.onnx': graph },
  );
  const bytes = await plain(200, 10, 30, 20);
  expect(await answerRows(dir, [{ bytes }, { bytes: Buffer.from('no image') }])).toEqual([
    { answer: [200, 30] },
    expect.stringMatching(/^predictor_error: predict threw on this row: .*/) as string,
  ]);
});

it('an error, a throw, a missing answer or one that is not JSON costs its own row', async () => {
  const dir = writePredictor(
    testFolder(),
    `predict(rows) {
      return rows.filter(({ fields }) => fields.do !== 'drop').map(({ fields }) => {
        if (fields.do === 'throw') throw new Error('cannot do it');
        if (fields.do === 'error') return { error: { code: 'too_old', message: 'the row is from 1990' } };
        if (fields.do === 'known') return { error: { code: 'invalid_row', message: 'no' } };
        if (fields.do === 'nan') return { deep: [1, NaN] };
        if (fields.do === 'floats') return { v: new Float32Array(2) };
        if (fields.do === 'nothing') return undefined;
        return { did: fields.do };
      });
    },`,
  );
  const rows = records(
    ...['x', 'throw', 'error', 'known', 'nan', 'floats', 'nothing', 'drop', 'y'].map((one) => ({ do: one })),
  );
  expect(await answerRows(dir, rows)).toEqual([
    { answer: { did: 'x' } },
    'predictor_error: predict threw on this row: cannot do it',
    'predictor_error: too_old: the row is from 1990',
    'invalid_row: no',
    'invalid_answer: the answer is not JSON: deep.1 is NaN',
    'invalid_answer: the answer is not JSON: v is a Float32Array; use Array.from',
    'invalid_answer: the answer is not JSON: it is undefined',
    'invalid_answer: predict returned too few answers: 0 for 1 row',
    { answer: { did: 'y' } },
  ]);
});

it('an object that JSON would empty without a word costs its row', async () => {
  const dir = writePredictor(
    testFolder(),
    `predict: (rows) => [{ v: Promise.resolve(1) }, new Error('no'), { at: new Date(NaN) }, { at: new Date(0) }].slice(
      rows[0].fields.from, rows[0].fields.from + rows.length),`,
  );
  const rows = records(...[0, 1, 2, 3].map((from) => ({ from })));
  expect(await answerRows(dir, rows)).toEqual([
    'invalid_answer: the answer is not JSON: v is a Promise; await it',
    'invalid_answer: the answer is not JSON: it is an Error; the error of a row is { error: { message } }',
    'invalid_answer: the answer is not JSON: at is a Date without a time',
    { answer: { at: '1970-01-01T00:00:00.000Z' } },
  ]);
});

it('code that empties its list of rows loses none of them', async () => {
  const dir = writePredictor(
    testFolder(),
    `predict(rows) {
      const answers = [];
      while (rows.length > 0) for (const { fields } of rows.splice(0, 2)) answers.push({ n: fields.n });
      return answers;
    },`,
  );
  const rows = records({ n: 1 }, { n: 2 }, { n: 3 });
  expect(await answerRows(dir, rows)).toEqual([1, 2, 3].map((n) => ({ answer: { n } })));
});

it('a tensor for a graph that is none is named with its input', async () => {
  const classes = [
    [1, 0, 0],
    [0, 0, 1],
  ];
  const dir = writePredictor(
    testFolder(),
    `load: (ctx) => ctx.session('colour'),
    predict: async (rows, { state }) => [Object.keys(await state.run({ image: rows[0].fields.image }))],`,
    { name: 'p' },
    { 'colour.onnx': meanColourModel({ side: 8, classes }) },
  );
  const tensor = { type: 'float32', dims: [1, 3, 8, 8] };
  const rows = records({ image: null }, { image: { ...tensor, dims: 3 } }, { image: tensor });
  const why = (text: string) =>
    `predictor_error: predict threw on this row: input "image" of colour.onnx must be a tensor { type, dims, data }: its ${text}`;
  expect(await answerRows(dir, rows)).toEqual([
    why('type must be a text such as "float32"'),
    why('dims must be a list of numbers'),
    why('data must be a typed array, or a list of texts'),
  ]);
});

it('an answer has the fields that model.json declares, in their order, and no others', async () => {
  const dir = writePredictor(testFolder(), `predict: (rows) => rows.map(({ text }) => JSON.parse(text)),`, {
    name: 'p',
    input: 'text',
    result: {
      type: 'object',
      properties: { label: { type: 'string' }, score: { type: 'number' } },
      required: ['label'],
    },
  });
  const lane = await loadedLane(await toLoad(dir));
  const rows = [{ score: 1, label: 'a' }, { label: 2 }, { label: 'a', more: 1 }].map((one) => ({
    bytes: Buffer.from(JSON.stringify(one)),
  }));
  const { outcomes } = await lane.run({ model: 'm', rows, options: {} });
  expect(outcomes[0]).toEqual({ ok: true, result: '"label":"a","score":1' });
  expect(outcomes.map(answerOf).slice(1)).toEqual([
    'invalid_answer: the answer does not fit "result" in model.json: label: Invalid input: expected string, received number',
    'invalid_answer: the answer has the field "more", which "result" in model.json does not declare',
  ]);
});

it('a module that cannot be loaded fails with one sentence', async () => {
  const why = async (code: string, config?: object) =>
    whyNotLoaded(writePredictor(testFolder(), code, config));
  expect(await why(`load() { throw new Error('no weights here'); }, predict() {}`)).toBe(
    'model_load_failed: load() of the predictor failed: no weights here',
  );
  expect(await why('load() {}')).toMatch(
    /^model_load_failed: predictor\.js has no function "predict"; write: /,
  );
  expect(await why('} } }')).toBe(
    'model_load_failed: predictor.js cannot be imported: missing ) after argument list; find the line with: node --check FILE',
  );
  for (const type of ['module', 'commonjs']) {
    const commonJs = {
      'predictor.js': `exports.default = require('forebay/predictor').definePredictor({ predict() {} });`,
      'package.json': `{"type":"${type}"}`,
    };
    expect(await whyNotLoaded(writePredictor(testFolder(), '', undefined, commonJs))).toMatch(
      /^model_load_failed: predictor\.js cannot be imported: it is a CommonJS module\. .*"nodenext"/,
    );
  }
  const options = `import { z } from 'zod';\noptions: z.object({ top: z.int() }), predict() {}`;
  expect(await why(options, { name: 'p', options: { top: 'x' } })).toBe(
    'config_mismatch: model.json does not fit "options" of the predictor: /options/top: Invalid input: expected number, received string',
  );
});

it('a predictor that is loaded again has the code that is on disk now, in all its modules', async () => {
  const dir = testFolder();
  const write = (value: number) =>
    writePredictor(
      dir,
      `import { value } from './value.js';\npredict: (rows) => rows.map(() => value),`,
      undefined,
      {
        'value.js': `export const value = ${value};`,
      },
    );
  expect(await answerRows(write(1), records({}))).toEqual([{ answer: 1 }]);
  expect(await answerRows(write(2), records({}))).toEqual([{ answer: 2 }]);
});

it('an answer has only members that its schema declares, unless that allows others', async () => {
  const object = { type: 'object', properties: { a: { type: 'integer' } } };
  const write = (objects: object) =>
    writePredictor(testFolder(), 'predict: (rows) => rows.map(({ fields }) => fields),', {
      name: 'p',
      result: { type: 'object', properties: { objects: { type: 'array', items: objects }, one: objects } },
    });
  const rows = records({ objects: [{ a: 1 }] }, { objects: [{ a: 1, b: 2 }] }, { one: { a: 1, b: 2 } });
  const refused = (field: string) =>
    `invalid_answer: the answer has the field "${field}", which "result" in model.json does not declare`;
  const closed = [{ objects: [{ a: 1 }] }, refused('objects.0.b'), refused('one.b')];
  expect(await answerRows(write(object), rows)).toEqual(closed);
  const open = await answerRows(write({ ...object, additionalProperties: true }), rows);
  expect(open).toEqual([{ objects: [{ a: 1 }] }, { objects: [{ a: 1, b: 2 }] }, { one: { a: 1, b: 2 } }]);
});

it('model init writes a predictor that loads, for every kind of row, and its test passes', async () => {
  const folder = testFolder();
  const made = await modelInit('--predictor', 'words', '--input', 'text', '--out', join(folder, 'text'));
  expect(made.out).toContain('forebay model test');
  for (const kind of ROW_KINDS.filter((one) => one !== 'text')) {
    mkdirSync(join(folder, kind));
    for (const [name, text] of templateOf('n', kind)) writeFileSync(join(folder, kind, name), text);
  }
  expect(await testModel(join(folder, 'text'), process.env)).toBe(0);
  for (const kind of ROW_KINDS) await loadedLane(await toLoad(join(folder, kind)));
  expect(await answerRows(join(folder, 'text'), records({ text: 'two words' }))).toEqual([{ words: 2 }]);
  expect(await modelInit('--predictor', join(folder, 'text'))).toMatchObject({ code: 2, out: '' });
  const { out } = await modelInit('--predictor', join(folder, 'two words'));
  expect(out).toContain(`forebay model test '${join(folder, 'two words')}'`);
  expect(out).toContain(`forebay run --model '${join(folder, 'two words')}' --input`);
  const { err } = await modelInit('--predictor');
  expect(err).toMatch(/^forebay model init: one NAME is needed\n/);
});

describe('in a service', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ workers: 0, env: { FOREBAY_LANES: '1', FOREBAY_MODELS: 'code' } });
    writePredictor(
      join(service.models, 'code'),
      `predict: async (rows) => rows.map(({ fields: { what } }) => {
        if (what === 'die') process.kill(process.pid, 'SIGKILL');
        if (what === 'exit') process.exit(3);
        if (what === 'hang') for (;;);
        return { what, secrets: Object.keys(process.env).filter((name) => /REDIS|AWS|FOREBAY|SECRET|TOKEN/.test(name)) };
      }),`,
      {
        name: 'code',
        batching: { timeout_s: 1 },
        result: {
          type: 'object',
          properties: { what: { type: 'string' }, secrets: { type: 'array', items: { type: 'string' } } },
          required: ['what', 'secrets'],
        },
      },
    );
  });
  afterAll(async () => service.close());

  it('rows that end the process or hang cost only themselves, columns follow the schema, and no secret reaches the code', async () => {
    const rows = ['a', 'die', 'hang', 'b', 'exit'].map((what) => ({ what }));
    const job = await service.submit({
      model: 'code',
      input: { type: 'inline', rows },
      output: { format: 'csv' },
    });
    await service.startWorker({
      AWS_SECRET_ACCESS_KEY: 'x',
      FOREBAY_WEBHOOK_SECRET: 'not for code, of any user',
    });
    const ended = await service.ended(job.id);
    expect(ended).toMatchObject({ status: 'completed', rows: { succeeded: 2, failed: 3 } });
    const part = await (await service.request(`/v1/jobs/${job.id}/results`)).text();
    expect(part).toBe(
      [0, 3]
        .map((index, i) => `{"index":${index},"id":"${index}","what":"${'ab'[i]}","secrets":[]}\n`)
        .join(''),
    );
    expect(readOutput(ended.output, 'errors').map(({ error }) => error!.code)).toEqual([
      'lane_crashed',
      'timed_out',
      'predictor_error',
    ]);
    await service.stopWorkers();
  });

  it('a request may be the file that a row is', async () => {
    writePredictor(join(service.models, 'photos'), 'predict: (rows) => rows,', {
      name: 'photos',
      input: 'image',
    });
    const statusOf = async (type: string) => {
      const asked = { method: 'POST', headers: { 'content-type': type }, body: 'x' };
      return (await service.request('/v1/models/photos/predict', asked)).status;
    };
    // No worker serves it, which is the next check.
    expect([await statusOf('image/png'), await statusOf('text/plain')]).toEqual([503, 415]);
  });

  it('FOREBAY_PREDICTORS=off forbids the code, and says so', async () => {
    await service.startWorker({ FOREBAY_PREDICTORS: 'off' });
    const model = (await (await service.request('/v1/models/code')).json()) as ModelWire;
    expect(model).toMatchObject({
      status: 'failed',
      problem: {
        code: 'model_load_failed',
        message: 'Model "code" is a predictor, and FOREBAY_PREDICTORS=off forbids user code here',
      },
    });
  });
});
