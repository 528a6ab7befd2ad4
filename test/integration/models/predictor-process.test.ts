// Code of the user's that changes or breaks the process that all models of a lane share.
import { expect, it } from 'vitest';
import { answerOf, testFolder, testLane } from '../../support/lanes.ts';
import { answerRows, records, toLoad, writePredictor } from '../../support/predictors.ts';

it('code that replaces a function of JavaScript costs its row, and the lane keeps the function', async () => {
  const dir = writePredictor(
    testFolder(),
    `async predict(rows) {
      await null;
      const answers = [];
      for (const { fields } of rows) {
        if (fields.n === 2) Array.prototype.map = () => [];
        answers.push({ n: fields.n });
      }
      return answers;
    },
    load() { JSON.stringify = () => 'no'; },`,
  );
  const rows = records({ n: 1 }, { n: 2 }, { n: 3 });
  const failed = expect.stringMatching(/^predictor_error: predict replaced Array\.prototype\.map, which /);
  const expected = [{ answer: { n: 1 } }, failed, { answer: { n: 3 } }];
  expect(await answerRows(dir, rows)).toEqual(expected);
  expect(await answerRows(dir, rows)).toEqual(expected);
});

it('functions that would change the rows of other models are put back, too', async () => {
  const what = [
    "String.prototype.slice = () => '';",
    'Float32Array.prototype.set = () => {};',
    'Object.getPrototypeOf(Uint8Array.prototype).subarray = () => new Uint8Array(3);',
    'globalThis.Float32Array = class {};',
    'Buffer.from = () => null;',
    "Number.prototype.toString = () => '7';",
    "String.prototype.bold = () => 'coloured';",
  ];
  const dir = writePredictor(
    testFolder(),
    `predict: (rows) => rows.map(({ fields }) => { new Function(fields.what)(); return 1; }),`,
  );
  const rows = records({ what: '' }, ...what.map((code) => ({ what: code })));
  const replaced = (name: string) => `predictor_error: predict replaced ${name}, which `;
  const found = (await answerRows(dir, rows)).map((one) =>
    typeof one === 'string' ? one.slice(0, one.indexOf('everything')) : one,
  );
  expect(found).toEqual([
    { answer: 1 },
    replaced('String.prototype.slice'),
    replaced('Float32Array.prototype.set'),
    replaced('TypedArray.prototype.subarray'),
    replaced('Float32Array'),
    replaced('Buffer.from'),
    replaced('Number.prototype.toString'),
    { answer: 1 },
  ]);
});

it('errors outside of a call cost the rows of that call, and never the lane', async () => {
  const lane = testLane();
  const load = async (model: string, code: string) => {
    const dir = writePredictor(testFolder(), code, { name: model });
    return lane.load({ model, ...(await toLoad(dir)), threads: 1 });
  };
  const run = async (model: string) => {
    const { outcomes } = await lane.run({ model, rows: records({ x: 1 }, { x: 2 }, { x: 3 }), options: {} });
    return outcomes.map(answerOf);
  };
  const onTwo = (what: string) => `async predict(rows) {
    for (const { fields } of rows) if (fields.x === 2) { ${what} }
    await new Promise((resolve) => setTimeout(resolve, 20));
    return rows.map(({ fields }) => fields.x);
  },`;
  const failed = (text: string) => [
    { answer: 1 },
    expect.stringContaining(`predictor_error: predict threw on this row: ${text}`) as string,
    { answer: 3 },
  ];
  const stray = 'thrown outside of the call';
  await load('lost', onTwo("Promise.reject(new Error('nobody awaits'));"));
  expect(await run('lost')).toEqual(failed(`nobody awaits (${stray}`));
  await load('no-error', onTwo("Promise.reject('only a text');"));
  expect(await run('no-error')).toEqual(failed('This error originated either by throwing'));
  // The promise of the call would never be settled.
  const callback = "await new Promise(() => setTimeout(() => { throw new Error('in a timer'); }, 1));";
  await load('timer', onTwo(callback));
  expect(await run('timer')).toEqual(failed(`in a timer (${stray}`));
  await load('exit', onTwo('process.exit(0);'));
  expect(await run('exit')).toEqual(failed('process.exit(0) was called'));
  // Its stack names nobody.
  await load(
    'socket',
    `async predict(rows) {
    const { createConnection } = await import('node:net');
    for (const { fields } of rows) if (fields.x === 2) createConnection('/no/such/socket');
    await new Promise((resolve) => setTimeout(resolve, 20));
    return rows.map(({ fields }) => fields.x);
  },`,
  );
  expect(await run('socket')).toEqual(failed('connect ENOENT /no/such/socket'));

  const broken = load(
    'bad',
    "load() { setTimeout(() => { throw new Error('later'); }, 1); return new Promise(() => {}); }, predict() {},",
  );
  await expect(broken).rejects.toThrow('load() of the predictor failed: later (thrown outside');
  // An error between two calls is logged. The lane and its models stay.
  await load(
    'idle',
    `load() { setInterval(() => { throw new Error('idle'); }, 5); },
    async predict(rows) { return rows.map(({ fields }) => fields.x); },`,
  );
  expect(await run('lost')).toEqual(failed('nobody awaits'));
  expect(await run('idle')).toEqual([{ answer: 1 }, { answer: 2 }, { answer: 3 }]);
});
