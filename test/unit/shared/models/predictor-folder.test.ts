import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadModelFolder } from '#forebay/shared/models/model-folder.js';
import { listModelFolders } from '#forebay/shared/models/model-folder-reader.js';
import { columnsOf } from '#forebay/shared/sinks/table/columns-of.js';
import { rowKindOf } from '#forebay/shared/tasks/task-descriptions.js';
import { testFolder } from '../../../support/lanes.ts';
import { writePredictor } from '../../../support/predictors.ts';

const hashOf = async (dir: string) => (await loadModelFolder(dir)).ref.hash;

it('every file of a predictor is part of its identity, except hidden ones and the look of model.json', async () => {
  const dir = writePredictor(testFolder(), 'predict() {},', { name: 'p' }, { 'lib/words.txt': 'a' });
  const first = await hashOf(dir);
  const change = async (name: string, content: string, back: string | null) => {
    writeFileSync(join(dir, name), content);
    const hash = await hashOf(dir);
    if (back === null) rmSync(join(dir, name));
    else writeFileSync(join(dir, name), back);
    return hash === first ? 'same' : 'other';
  };
  expect(await change('lib/words.txt', 'b', 'a')).toBe('other');
  expect(await change('more.js', '', null)).toBe('other');
  expect(await change('model.json', '{"name":"p","options":{"x":1}}', '{"name":"p"}')).toBe('other');
  expect(
    await change('model.json', '{ "kind": "predictor", "name": "p", "input": "features" }', '{"name":"p"}'),
  ).toBe('same');
  expect(await change('.cache', 'x', null)).toBe('same');
  symlinkSync(testFolder(), join(dir, 'linked'));
  await expect(hashOf(dir)).rejects.toThrow('linked is a link to a folder, or no file; copy it');
});

it('a folder with predictor.mjs and no model.json is a model, and says what it guessed', async () => {
  const models = testFolder();
  mkdirSync(join(models, 'My Words'));
  writeFileSync(join(models, 'My Words', 'predictor.mjs'), '');
  const [model] = (await listModelFolders(models)).models;
  expect(model).toMatchObject({
    ref: { name: 'my-words' },
    config: { kind: 'predictor', task: 'predictor' },
  });
  expect(rowKindOf(model!.config)).toBe('features');
  expect(model!.notes).toEqual([expect.stringMatching(/^model\.json does not say what a row is/)]);
});

it('columns follow from the result schema of model.json, or are one JSON value', async () => {
  const columns = async (config: object) => {
    const { config: checked } = await loadModelFolder(
      writePredictor(testFolder(), '', { name: 'p', ...config }),
    );
    return columnsOf(checked).map(
      ({ name, type, optional }) => `${name} ${JSON.stringify(type)} ${optional}`,
    );
  };
  expect(await columns({})).toEqual(['answer "json" false']);
  const properties = {
    label: { type: 'string' },
    scores: { type: 'array', items: { type: 'number' } },
    box: { type: 'object', properties: { x: { type: 'integer' } } },
  };
  expect(await columns({ result: { type: 'object', properties, required: ['label', 'scores'] } })).toEqual([
    'label "string" false',
    'scores {"list":"double"} false',
    'box.x "int64" false',
  ]);
});

it('a config that makes no sense is refused with the field and the reason', async () => {
  const why = async (config: object) => {
    const dir = writePredictor(testFolder(), '', { name: 'p', ...config });
    return loadModelFolder(dir).then(
      () => 'fine',
      (error: Error) => error.message.replace(`${dir}: `, ''),
    );
  };
  expect(await why({ kind: 'predicter' })).toBe(
    'model.json /kind: there is no kind "predicter"; did you mean "predictor"? the kinds are onnx, predictor, pipeline',
  );
  expect(await why({ kind: 'predictor', task: 'tabular' })).toBe(
    'model.json /task: has no use, because a predictor defines its answers itself; leave it out',
  );
  expect(await why({ result: { type: 'object', properties: { id: { type: 'string' } } } })).toBe(
    'model.json /result/properties/id: every row has a field "id" already; give this one another name',
  );
  expect(await why({ result: { type: 'object', properties: { predictions: {}, label: {} } } })).toBe(
    'model.json /result/properties: the "label" of the first of "predictions" and the field "label" both make the column "label" of CSV and Parquet; rename one of them',
  );
  expect(await why({ input: 'picture' })).toMatch(/^model\.json \/input: /);
  expect(await why({ graph: 'x.onnx' })).toMatch(/^model\.json \/graph: has no use/);
});

it('a folder with TypeScript that is not compiled says so', async () => {
  const dir = writePredictor(testFolder(), '', { name: 'p', kind: 'predictor' }, { 'predictor.ts': '' });
  rmSync(join(dir, 'predictor.js'));
  await expect(loadModelFolder(dir)).rejects.toThrow(
    'predictor.js is missing beside model.json. Compile predictor.ts to predictor.js, as an ES module',
  );
});
