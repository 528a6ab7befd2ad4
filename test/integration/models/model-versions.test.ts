// Several versions of one model are served side by side. Each gives its own answers, and a job keeps the version that
// it was submitted with.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelListWire, ModelWire } from '#forebay/api/http/wire/model.js';
import { meanColourModel, writeModelFolder } from '../../support/onnx/models.ts';
import { LABELS, readOutput, startService, writeImages, type Service } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

const ROWS = 12;
let service: Service;
beforeAll(async () => {
  service = await startService({ workers: 0, env: { FOREBAY_LOG_LEVEL: 'silent' } });
  await writeImages(join(service.input, 'few'), ROWS);
  writeVersion('colour', '2', 2);
  writeVersion('colour', '10', 1);
});
afterAll(async () => service.close());

/** Answers with the channel that is `shift` after the strongest one. Its config has no name. */
function writeVersion(
  name: string,
  version: string,
  shift: number,
  more: Record<string, unknown> = {},
): void {
  const classes = [0, 1, 2].map((row) =>
    [0, 1, 2].map((column) => ((row + 3 - shift) % 3 === column ? 1 : 0)),
  );
  const config = { name, task: 'image-classification', preprocess: { crop: 8 }, softmax: true, top_k: 1 };
  const dir = join(service.models, name, version);
  const hidden = join(service.models, `.${name}-${version}`);
  writeModelFolder(hidden, meanColourModel({ classes, side: 8 }), config, LABELS);
  const { name: _, ...nameless } = JSON.parse(
    readFileSync(join(hidden, 'model.json'), 'utf8'),
  ) as typeof config;
  writeFileSync(join(hidden, 'model.json'), JSON.stringify({ ...nameless, ...more }));
  mkdirSync(join(service.models, name), { recursive: true });
  renameSync(hidden, dir);
}

async function models(): Promise<ModelWire[]> {
  return ((await (await service.request('/v1/models')).json()) as ModelListWire).data;
}
const versionsOf = async (name: string) =>
  (await models())
    .filter((model) => model.name === name)
    .map(({ version, latest, status }) => ({ version, latest, status }));

let runs = 0;
async function shiftOf(model: string): Promise<number> {
  const output = service.out(`run-${runs++}`);
  const job = await service.submit({ model, output, input: { type: 'files', path: 'few' } });
  expect(await service.ended(job.id)).toMatchObject({ status: 'completed', rows: { succeeded: ROWS } });
  const shifts = readOutput(output).map((row) => (row.predictions![0]!.index - (row.index % 3) + 3) % 3);
  expect(new Set(shifts).size).toBe(1);
  return shifts[0]!;
}

async function refusal(model: string) {
  const response = await service.post('/v1/jobs', { model, input: { type: 'files', path: 'few' } });
  return [response.status, (await response.json()) as { code: string; detail: string }] as const;
}

describe('a worker that serves all models', () => {
  beforeAll(async () => void (await service.startWorker()));
  afterAll(async () => service.stopWorkers());

  it('serves every version by its name, and the highest version if none is named', async () => {
    expect(await shiftOf('colour@2')).toBe(2);
    expect(await shiftOf('colour@10')).toBe(1);
    expect(await shiftOf('colour@latest')).toBe(1);
    expect(await shiftOf('colour')).toBe(1);
    expect(await versionsOf('colour')).toEqual([
      { version: '2', latest: false, status: 'serving' },
      { version: '10', latest: true, status: 'serving' },
    ]);
    expect(await versionsOf('tiny')).toMatchObject([{ version: null, latest: true }]);
    const one = (await (await service.request('/v1/models/colour@2')).json()) as ModelWire;
    expect(one).toMatchObject({ name: 'colour', version: '2', latest: false, config: { name: 'colour' } });
  });

  it('uses a new version for new jobs, while a paused job keeps its version', async () => {
    const output = service.out('kept');
    const waiting = await service.submit({ model: 'colour', output, input: { type: 'files', path: 'few' } });
    await service.post(`/v1/jobs/${waiting.id}/pause`, {});
    writeVersion('colour', '11', 0);
    expect(await shiftOf('colour')).toBe(0);
    await service.post(`/v1/jobs/${waiting.id}/resume`, {});
    const ended = await service.ended(waiting.id);
    expect(ended).toMatchObject({ status: 'completed', model: 'colour' });
    expect(readOutput(output)[0]!.predictions![0]!.index).toBe(1);
    rmSync(join(service.models, 'colour', '11'), { recursive: true });
    expect(await shiftOf('colour')).toBe(1);
    await waitUntil('the worker to drop it', async () => (await versionsOf('colour')).length === 2);
  });

  it('runs the version that an alias stands for at submit, even if the alias moves before the job runs', async () => {
    const file = join(service.models, 'colour', 'aliases.json');
    writeFileSync(file, JSON.stringify({ stable: '2' }));
    const output = service.out('aliased');
    const input = { type: 'files', path: 'few' };
    const waiting = await service.submit({ model: 'colour@stable', output, input });
    await service.post(`/v1/jobs/${waiting.id}/pause`, {});
    writeFileSync(file, JSON.stringify({ stable: '10', gone: '7' }));
    expect(await shiftOf('colour@stable')).toBe(1);
    await service.post(`/v1/jobs/${waiting.id}/resume`, {});
    const ended = await service.ended(waiting.id);
    const named = (await (await service.request('/v1/models/colour@2')).json()) as ModelWire;
    expect(ended).toMatchObject({ status: 'completed', model_hash: named.hash });
    expect(readOutput(output)[0]!.predictions![0]!.index).toBe(2);

    const moved = (await (await service.request('/v1/models/colour@stable')).json()) as ModelWire;
    expect(moved).toMatchObject({ version: '10', latest: true, aliases: ['stable'] });
    expect(await refusal('colour@gone')).toMatchObject([
      404,
      {
        detail:
          'Alias "gone" of model "colour" stands for version "7", which does not exist. Its versions: 2, 10. Its aliases: gone, stable.',
      },
    ]);
    writeFileSync(file, '{"v3": "2"}');
    expect(await refusal('colour@stable')).toMatchObject([422, { code: 'invalid_model_config' }]);
    expect(await shiftOf('colour@2')).toBe(2);
    rmSync(file);
  });

  it('resumes an output with the version that made it, whatever the highest version is', async () => {
    const output = service.out('continued');
    const input = { type: 'files', path: 'few' };
    const first = await service.submit({ model: 'colour@2', output, input });
    await service.ended(first.id);
    const response = await service.post('/v1/jobs/resume', { output });
    const resumed = (await response.json()) as { id: string; model_hash: string };
    expect([response.status, resumed.model_hash]).toEqual([202, first.model_hash]);
    expect(await service.ended(resumed.id)).toMatchObject({ status: 'completed', rows: { succeeded: ROWS } });
    expect(readOutput(output).every((row) => row.predictions![0]!.index === (row.index + 2) % 3)).toBe(true);
  });

  it('refuses an unknown version, and the error lists the existing versions or says that there are none', async () => {
    expect(await refusal('colour@3')).toMatchObject([
      404,
      { code: 'model_not_found', detail: 'Model "colour" has no version "3". Its versions: 2, 10.' },
    ]);
    expect(await refusal('tiny@1')).toMatchObject([
      404,
      { detail: 'Model "tiny" has no version "1". It has no versions.' },
    ]);
  });

  it('marks a version as failed if its config names another model, and serves the other versions', async () => {
    writeVersion('mixed', '1', 0);
    writeVersion('mixed', '2', 1, { name: 'other' });
    await waitUntil('the good version', async () =>
      (await versionsOf('mixed')).some(({ status }) => status === 'serving'),
    );
    expect(await versionsOf('mixed')).toEqual([
      { version: '1', latest: true, status: 'serving' },
      { version: '2', latest: false, status: 'failed' },
    ]);
    expect(await shiftOf('mixed')).toBe(0);
    expect(await refusal('mixed@2')).toMatchObject([
      422,
      {
        code: 'invalid_model_config',
        detail: expect.stringContaining('/name: is "other", but the folder of its versions is "mixed"'),
      },
    ]);
  });
});

it.each([
  ['colour@latest', ['10']],
  ['colour', ['2', '10']],
])('a worker that is asked for %s serves the versions %j', async (asked, versions) => {
  await service.startWorker({ FOREBAY_MODELS: asked });
  const serving = async () =>
    (await versionsOf('colour')).filter(({ status }) => status === 'serving').map(({ version }) => version);
  await waitUntil('its versions', async () => (await serving()).length === versions.length);
  expect(await serving()).toEqual(versions);
  await service.stopWorkers();
});
