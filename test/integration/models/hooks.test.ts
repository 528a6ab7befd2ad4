// Code around ordinary graphs, in a real lane.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { loadModelFolder } from '#forebay/shared/models/model-folder.js';
import { whyForbidden } from '#forebay/shared/models/predictors-off.js';
import { columnsOf } from '#forebay/shared/sinks/table/columns-of.js';
import { rowFieldsOf } from '#forebay/shared/tasks/task-descriptions.js';
import type { LaneInput } from '#forebay/workers/lane/messages.js';
import { answerOf, loadedLane, plain, sharedLane, testFolder } from '../../support/lanes.ts';
import { cascade, chain, SURE, writeColours, writeFinder, writePipeline } from '../../support/pipelines.ts';
import { toLoad } from '../../support/predictors.ts';

let models: string;
let dir: string;
beforeEach(() => {
  models = testFolder();
  writeColours(models, 'colour', SURE);
  dir = join(models, 'colour');
});

/** `code`: the members of the object that the module defines. */
function writeHooks(code: string, file = 'hooks.js'): void {
  writeFileSync(
    join(dir, file),
    `import { defineHooks } from 'forebay/predictor';\nexport default defineHooks({ ${code} });\n`,
  );
}

async function answers(rows: readonly LaneInput[], folder = dir) {
  const lane = await loadedLane(await toLoad(folder));
  const { outcomes } = await lane.run({
    model: 'm',
    rows,
    options: { top_k: 1, decode: null, threshold: null },
  });
  return outcomes.map(answerOf);
}

const best = (row: unknown) =>
  (row as { readonly predictions: readonly { readonly label: string }[] }).predictions[0]?.label;

function configure(more: object): void {
  const config = {
    name: 'colour',
    task: 'image-classification',
    preprocess: { resize: 8, crop: 8 },
    labels: 'labels.txt',
    activation: 'softmax',
  };
  writeFileSync(join(dir, 'model.json'), JSON.stringify({ ...config, ...more }));
}

it('before changes rows or refuses them, and a throw costs only its own row', async () => {
  writeHooks(`before: (rows) => rows.map(({ bytes }) => {
    if (bytes.length < 10) return { error: { code: 'invalid_row', message: 'too short' } };
    if (bytes.length > 200) throw new Error('too long');
    return { pixels: { data: new Uint8Array(300).fill(0).map((_, i) => i % 3 === 2 ? 250 : 0), width: 10, height: 10 } };
  }),`);
  const rows = [await plain(250, 0, 0), Buffer.from('short'), await plain(0, 250, 0, 300)].map((bytes) => ({
    bytes,
  }));
  const [blue, ...errors] = await answers(rows);
  expect(best(blue)).toBe('blue');
  expect(errors).toEqual(['invalid_row: too short', 'predictor_error: before threw on this row: too long']);
});

it('what before returns must be a row of the task', async () => {
  writeHooks(
    `before: (rows) => rows.map((row) => [null, { bytes: 'x' }, { pixels: { data: new Uint8Array(3), width: 2, height: 1 } }, row][row.bytes.length]),`,
  );
  const rows = [0, 1, 2, 3].map((length) => ({ bytes: Buffer.alloc(length, 1) }));
  expect(await answers(rows.slice(1))).toEqual([
    'invalid_answer: before returned a row without "bytes" or "pixels"',
    'invalid_answer: before returned pixels of 3 bytes, and 2 x 1 RGB has 6',
    expect.stringMatching(/^unsupported_format/),
  ]);
});

it('after changes answers, which then have the fields and columns that model.json declares', async () => {
  writeHooks(`after: (results, rows, { options }) => results.map(({ predictions: [{ label }] }, i) =>
      label === 'green' ? { error: { message: 'green is out' } }
      : label === 'blue' ? { colour: 7 } : { colour: label + options.mark, bytes: rows[i].bytes.length }),`);
  configure({
    hooks: {
      options: { mark: '!' },
      result: { type: 'object', properties: { colour: { type: 'string' }, bytes: { type: 'integer' } } },
    },
  });
  const red = await plain(250, 0, 0);
  const path = join(models, 'red.png');
  writeFileSync(path, red);
  const colours = [red, await plain(0, 250, 0), await plain(0, 0, 250), Buffer.from('no image')];
  const rows = [{ path, tenant: 'default' }, ...colours.map((bytes) => ({ bytes }))];
  const found = { colour: 'red!', bytes: red.length };
  expect(await answers(rows)).toEqual([
    found,
    found,
    'predictor_error: green is out',
    expect.stringMatching(
      /^invalid_answer: the answer does not fit "result" in "hooks" of model\.json: colour: /,
    ),
    expect.stringMatching(/^unsupported_format/),
  ]);
  const { config } = await loadModelFolder(dir);
  expect(columnsOf(config).map(({ name }) => name)).toEqual(['colour', 'bytes']);
});

it('without a declared result, an answer must have the fields of the task', async () => {
  writeHooks(`after: (results) => results.map(({ predictions }, i) => [
    { predictions: predictions.map((one) => ({ ...one, label: one.label.toUpperCase() })) },
    { predictions: 'red' },
    { predictions, more: 1 },
  ][i]),`);
  const rows = await Promise.all([1, 2, 3].map(async () => ({ bytes: await plain(250, 0, 0) })));
  const [first, ...wrong] = await answers(rows);
  expect(best(first)).toBe('RED');
  expect(wrong).toEqual([
    expect.stringMatching(
      /^invalid_answer: the answer does not fit the task "image-classification": predictions: .*; for other answers, set "result" in "hooks" of model\.json$/,
    ),
    'invalid_answer: the answer has the field "more", which the task "image-classification" does not declare; for other answers, set "result" in "hooks" of model.json',
  ]);
});

it('every file of the folder is part of the model, workers may forbid the code, and pipelines know of it', async () => {
  const plainHash = (await loadModelFolder(dir)).ref.hash;
  writeHooks('before: (rows) => rows,', 'hooks.mjs');
  const hooked = await loadModelFolder(dir);
  expect(hooked.ref.hash).not.toBe(plainHash);
  expect(rowFieldsOf(hooked.config, null).names).toBeNull();
  writeFileSync(join(dir, 'helper.js'), '1');
  expect((await loadModelFolder(dir)).ref.hash).not.toBe(hooked.ref.hash);
  const why = 'Model "colour" has hooks.mjs, and FOREBAY_PREDICTORS=off forbids user code here';
  writeColours(models, 'other', SURE);
  const pipeline = await loadModelFolder(
    writePipeline(models, { name: 'p', ...cascade('colour', 0.5, 'other') }),
  );
  expect([hooked, pipeline].map(({ config }) => whyForbidden(config)?.message)).toEqual([why, why]);
});

it('hooks work on crops of a chain', async () => {
  writeFinder(models, 'finder');
  writeHooks(`before: (rows) => rows,
    after: (results, rows) => results.map(({ predictions: [one] }, i) => ({ predictions: [{ ...one, label: one.label + rows[i].bytes[1] }] })),`);
  const folder = writePipeline(models, {
    name: 'p',
    ...chain('finder', { model: 'colour', for_each: 'detections' }),
  });
  const [row] = await answers([{ bytes: await plain(250, 0, 0) }], folder);
  // The second byte of a PNG file is a P.
  expect(row).toMatchObject({ detections: [{ predictions: [{ label: 'red80' }] }] });
});

it('hooks that cannot work are refused with one sentence', async () => {
  const why = async () => {
    try {
      await sharedLane().load({ model: 'bad', ...(await toLoad(dir)), threads: 1 });
      return 'loaded';
    } catch (error) {
      return (error as Error).message.replace(`${dir}: `, '');
    }
  };
  configure({ hooks: {} });
  expect(await why()).toBe('model.json /hooks: there is no hooks.js or hooks.mjs beside model.json');
  writeHooks('after: 3,');
  expect(await why()).toMatch(
    /^hooks.js has a "after" that is no function; write: export default defineHooks/,
  );
  writeHooks('');
  expect(await why()).toMatch(/^hooks.js has no function "before" or "after"; write: /);
  writeHooks('before: (rows) => rows,');
  configure({ hooks: { result: { type: 'object', properties: { id: {} } } } });
  expect(await why()).toBe(
    'model.json /hooks/result/properties/id: every row has a field "id" already; give this one another name',
  );
  configure({ hooks: { result: { type: 'object', properties: { x: {} } } } });
  expect(await why()).toBe(
    'model.json says in "hooks" what answers hold ("result"), but hooks.js has no function "after" that makes them',
  );
});
