// `--pipeline FILE` of commands that start their own processes. The pipeline becomes a model folder, beside links to its
// models.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { planRun } from '#forebay/cli/run/plan-run.js';
import { withRunModel } from '#forebay/cli/run/with-run-model.js';
import { listModelFolders } from '#forebay/shared/models/model-folder-reader.js';
import { cascade, writeColours } from '../../../support/pipelines.ts';

const CLASSES = [
  [9, 0, 0],
  [0, 9, 0],
  [0, 0, 9],
];
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-model-'));
  for (const name of ['weak', 'strong', 'inline']) writeColours(join(folder, 'models'), name, CLASSES);
  mkdirSync(join(folder, 'photos'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const place = () => ({ cwd: folder, env: {} });
const file = (content: unknown) => {
  writeFileSync(join(folder, 'given.json'), JSON.stringify(content));
  return { pipeline: 'given.json' };
};

it('the processes serve only the pipeline, which finds its models, and its folder is gone afterwards', async () => {
  const flags = {
    ...file({ name: 'ignored', ...cascade('weak', 0.9, 'strong') }),
    input: 'photos',
    output: 'out',
  };
  const dir = await withRunModel(flags, place(), async (model) => {
    const { body, env } = await planRun(model, flags, folder, {});
    expect(body.model).toBe('inline');
    const { models, problems } = await listModelFolders(env['FOREBAY_MODELS_DIR']!);
    expect(problems).toEqual([]);
    expect(models.map(({ config, members }) => [config.kind, members.map(({ ref }) => ref.name)])).toEqual([
      ['pipeline', ['weak', 'strong']],
    ]);
    return model.dir;
  });
  expect(existsSync(join(dir, '..'))).toBe(false);
  await expect(withRunModel(flags, place(), () => Promise.reject(new Error('it fails')))).rejects.toThrow(
    'it fails',
  );
});

it.each([
  [cascade('weak', 0.9, 'inline'), null],
  [
    cascade('weak', 0.9, 'strog'),
    /given\.json: \/cascade\/levels\/1\/model: .* "strog" in .*\/models; did you mean "strong"/,
  ],
  [cascade('weak', 2, 'strong'), /--pipeline given\.json: \/cascade\/levels\/0\/threshold: /],
  [{ kind: 'predictor' }, /\/kind must be "pipeline"; for other models use --model/],
  [[], /must hold a JSON object/],
  [{ pipeline: cascade('weak', 0.9, 'strong') }, /leave only the value of its field "pipeline"/],
])('%j is checked before anything starts', async (content, problem) => {
  const checked = withRunModel(file(content), place(), async ({ name }) => name);
  await (problem === null
    ? expect(checked).resolves.toBe('inline')
    : expect(checked).rejects.toThrow(problem));
});

it('asks for one model, and for one local folder with the models of a pipeline', async () => {
  const refused = async (flags: object) =>
    withRunModel(flags, place(), async () => 'accepted').catch((error: Error) => error.message);
  const pipeline = file(cascade('weak', 0.9, 'strong'));
  expect(await refused({})).toContain('--model DIR is missing');
  expect(await refused({ ...pipeline, model: 'models/weak' })).toContain('exclude each other');
  expect(await refused({ model: 'models/weak', models: ['models'] })).toContain('--models needs --pipeline');
  expect(await refused({ ...pipeline, models: ['nowhere'] })).toContain(`no folder ${folder}/nowhere`);
  for (const models of [['s3://bucket/models/'], ['models', 'photos']])
    expect(await refused({ ...pipeline, models })).toContain('one folder of this machine');
});
