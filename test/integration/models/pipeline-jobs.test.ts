// Jobs over chains, and over pipelines that their requests give, through one service with one worker.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { sweepPipelines } from '#forebay/api/sweeper/sweep-pipelines.js';
import { withRunModel } from '#forebay/cli/run/with-run-model.js';
import { loadModelFolder } from '#forebay/shared/models/model-folder.js';
import { connectRedis } from '#forebay/shared/queue/connection.js';
import { createJobStore } from '#forebay/shared/queue/jobs/job-store.js';
import { createScripts } from '#forebay/shared/queue/scripts.js';
import { createInlinePipelines, MAX_PIPELINES } from '#forebay/shared/queue/workers/inline-pipelines.js';
import type { PipelineConfig } from '#forebay/shared/tasks/pipeline/pipeline-config.js';
import type { ModelListWire } from '#forebay/api/http/wire/model.js';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import type { JobStatsWire } from '#forebay/api/http/wire/stats.js';
import {
  blocksOn,
  cascade,
  chain,
  ensemble,
  RED_ONLY,
  SURE,
  writeColours,
  writeFinder,
  writePipeline,
} from '../../support/pipelines.ts';
import { forebay } from '../../support/forebay-program.ts';
import { startService, writeImages, type Service } from '../../support/service.ts';

const RED = [255, 0, 0] as const;
const GREEN = [0, 255, 0] as const;
let service: Service;
/** Jobs from before the worker started. */
let early: JobWire;
let cancelled: JobWire;
beforeAll(async () => {
  service = await startService({ workers: 0, env: { FOREBAY_LANES: '1' } });
  writeColours(service.models, 'weak', RED_ONLY);
  writeColours(service.models, 'strong', SURE);
  writeFinder(service.models, 'finder');
  writeColours(service.models, 'whole', SURE);
  writePipeline(service.models, {
    name: 'objects',
    ...chain(
      'finder',
      { model: 'strong', for_each: 'detections' },
      { model: 'whole', when: { min_score: 0.3 }, as: 'all' },
    ),
  });
  await writeImages(join(service.input, 'few'), 9);
  writeFileSync(join(service.input, 'few', 'bad.png'), 'no image');
  early = await submitted(chain('finder', { model: 'strong', for_each: 'detections' }));
  cancelled = await submitted(ensemble('average', 'weak', 'strong'));
  await post(`/v1/jobs/${cancelled.id}/cancel`, {});
  await service.startWorker();
});
afterAll(async () => service.close());

const body = (pipeline: object) => ({
  pipeline,
  input: { type: 'files', path: 'few' },
  options: { top_k: 1 },
});
const post = async (path: string, sent: object) => service.post(path, sent);
const submitted = async (pipeline: object) =>
  (await (await post('/v1/jobs', body(pipeline))).json()) as JobWire;

/** What processes read from Redis. Allowed in a test. */
function registry() {
  const redis = connectRedis(service.redis.url, 'background', () => undefined);
  onTestFinished(() => redis.disconnect());
  const run = createScripts(redis);
  return { pipelines: createInlinePipelines({ redis, run }), jobs: createJobStore({ redis, run }) };
}

it('a job over a chain keeps all answers of a row together, in columns that follow from the models', async () => {
  const folder = join(service.input, 'blocks');
  mkdirSync(folder);
  for (const [i, colour] of [RED, GREEN, [0, 0, 215] as const].entries())
    writeFileSync(join(folder, `${i}.png`), await blocksOn(32, 32, [{ at: [2, 2, 16, 16], colour }]));
  const job = await service.submit({
    model: 'objects',
    input: { type: 'files', path: 'blocks' },
    output: { format: 'parquet' },
    options: { top_k: 1 },
  });
  expect(await service.ended(job.id)).toMatchObject({
    status: 'completed',
    rows: { succeeded: 3, failed: 0 },
  });
  const results = (await (await service.request(`/v1/jobs/${job.id}/results`)).text()).trim().split('\n');
  const rows = results.map((line) => JSON.parse(line) as Record<string, unknown>);
  const object = (label: string) => ({ label: 'thing', box: [2, 2, 16, 16], predictions: [{ label }] });
  expect(rows).toMatchObject([
    { detections: [object('red')], all: { predictions: [{ label: 'red' }] } },
    { detections: [object('green')], all: { predictions: [{ label: 'green' }] } },
    { detections: [object('blue')], stopped_after: 'finder' },
  ]);
  expect(rows[2]).not.toHaveProperty('all');
  const stats = (await (await service.request(`/v1/jobs/${job.id}/stats`)).json()) as JobStatsWire;
  expect(stats.answered_by).toEqual({ whole: 2, strong: 1 });
});

it('a job runs a pipeline of its request, and a retry builds it again', async () => {
  const job = await submitted(cascade('weak', 0.9, 'strong'));
  expect(job).toMatchObject({ model: 'inline' });
  expect(await service.ended(job.id)).toMatchObject({
    status: 'completed',
    rows: { succeeded: 9, failed: 1 },
  });
  const results = await (await service.request(`/v1/jobs/${job.id}/results`)).text();
  const by = results
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { model?: string }).model);
  expect(by.filter((model) => model === 'strong')).toHaveLength(6);
  const plan = await (await post('/v1/plan', body(cascade('weak', 0.9, 'strong')))).json();
  expect(plan).toMatchObject({
    model_hash: job.model_hash,
    estimate: { rows_per_s: { value: expect.any(Number) as number } },
  });
  const retried = (await (await post(`/v1/jobs/${job.id}/retry`, {})).json()) as JobWire;
  expect(retried).toMatchObject({ model: 'inline', model_hash: job.model_hash });
  expect(await service.ended(retried.id)).toMatchObject({ rows: { succeeded: 0, failed: 1 } });
  const { data } = (await (await service.request('/v1/models')).json()) as ModelListWire;
  expect(data.map(({ name }) => name)).toEqual(['finder', 'objects', 'strong', 'tiny', 'weak', 'whole']);
});

it('the answers of all models of an ensemble are the same in every format', async () => {
  const texts = [];
  for (const format of ['jsonl', 'csv', 'parquet']) {
    const given = { ...body(ensemble('all', 'weak', 'finder')), output: { format } };
    const job = (await (await post('/v1/jobs', given)).json()) as JobWire;
    expect(await service.ended(job.id)).toMatchObject({ rows: { succeeded: 9, failed: 1 } });
    texts.push(await (await service.request(`/v1/jobs/${job.id}/results`)).text());
  }
  const first = JSON.parse(texts[0]!.split('\n')[0]!) as { answers: object[] };
  expect(first.answers).toMatchObject([
    { model: 'weak', predictions: [{ label: 'red' }] },
    { model: 'finder', detections: [{ label: 'thing' }] },
  ]);
  expect(texts).toEqual([texts[0], texts[0], texts[0]]);
});

it('the command line plans a pipeline in a file, which is the same model as in a folder of its own', async () => {
  const pipeline = cascade('weak', 0.9, 'strong');
  writeFileSync(join(service.models, '..', 'given.json'), JSON.stringify(pipeline));
  const flags = { pipeline: 'given.json', models: [service.models] };
  const place = { cwd: join(service.models, '..'), env: {} };
  const hash = await withRunModel(flags, place, async ({ dir }) => (await loadModelFolder(dir)).ref.hash);
  const asked = ['--pipeline', 'given.json', '--input', join(service.input, 'few'), '--url', service.url];
  const { out, err, code } = await forebay(place, 'plan', ...asked, '--json');
  expect([code, err]).toEqual([0, '']);
  expect(JSON.parse(out)).toMatchObject({ model: 'inline', model_hash: hash });
});

it('a pipeline that makes no sense is refused with the place and one sentence', async () => {
  const why = async (sent: object) => {
    const answer = await post('/v1/jobs', sent);
    expect(answer.status).toBe(400);
    const { detail } = (await answer.json()) as { detail: string };
    return detail;
  };
  expect(await why(body(cascade('weak', 0.5, 'strog')))).toContain(
    '/pipeline/cascade/levels/1/model: There is no model "strog"; did you mean "strong"?',
  );
  expect(await why(body({}))).toContain('/pipeline: a pipeline has one of "ensemble", "cascade" and "chain"');
  expect(await why(body({ kind: 'predictor' }))).toContain('/pipeline/kind: must be "pipeline"');
  expect(await why(body(chain('weak', { model: 'strong', for_each: 'detections' })))).toContain(
    '/pipeline/chain/steps/1/for_each: "strong" needs objects, and "weak" (image-classification) does not detect',
  );
  expect(
    await why(body(chain('finder', { model: 'weak', for_each: 'detections', when: { label: ['thng'] } }))),
  ).toContain('"thng" is no label of "finder"; did you mean "thing"?');
  expect(await why(body({ ...ensemble('all', 'weak', 'strong'), pool: 'gpu' }))).toContain(
    '"weak" is in the pool "default", and the pipeline is in "gpu"',
  );
  expect(await why(body({ ...cascade('weak', 0.5, 'strong'), keep_alive_s: -1 }))).toContain(
    '/pipeline/keep_alive_s: a pipeline of a request cannot stay loaded for ever',
  );
  expect(await why({ ...body(cascade('weak', 0.5, 'strong')), model: 'weak' })).toContain(
    'give either a model or a pipeline',
  );
});

it('a worker that starts runs pipelines of earlier requests, and a resume stores its pipeline again', async () => {
  expect(await service.ended(early.id)).toMatchObject({
    status: 'completed',
    rows: { succeeded: 9, failed: 1 },
  });
  const { pipelines } = registry();
  const gone = (await pipelines.all()).filter(({ ref }) => ref.hash === cancelled.model_hash);
  await pipelines.remove(gone.map(({ queue }) => queue));
  const resumed = (await (await post('/v1/jobs/resume', { output: cancelled.output })).json()) as JobWire;
  expect(await service.ended(resumed.id)).toMatchObject({
    model_hash: cancelled.model_hash,
    status: 'completed',
    rows: { succeeded: 9, failed: 1 },
  });
});

it('the sweeper keeps a pipeline until no active job needs it', async () => {
  const { pipelines, jobs } = registry();
  const { id, model_hash: hash } = await submitted(cascade('weak', 0.6, 'strong'));
  await service.ended(id);
  const sweep = async (active: string[], graceMs = 0) => {
    await sweepPipelines({ pipelines, jobs: { ...jobs, activeIds: async () => active }, graceMs })(
      () => undefined,
    );
    return (await pipelines.all()).filter(({ ref }) => ref.hash === hash).length;
  };
  expect(await sweep([], 60_000_000)).toBe(1);
  expect(await sweep([id])).toBe(1);
  expect(await sweep([])).toBe(0);
});

it('there is a limit to the pipelines that are kept', async () => {
  const { pipelines } = registry();
  const put = async (n: number) =>
    pipelines.put({ ref: { name: 'inline', hash: `h${n}`, pool: 'none' }, config: {} as PipelineConfig });
  onTestFinished(async () => {
    const ours = (await pipelines.all()).filter(({ ref }) => ref.pool === 'none');
    await pipelines.remove(ours.map(({ queue }) => queue));
  });
  for (let n = (await pipelines.all()).length; n < MAX_PIPELINES; n++) await put(n);
  await put(MAX_PIPELINES - 1);
  await expect(put(MAX_PIPELINES)).rejects.toThrow(/64 pipelines of requests are in use/);
  const refused = await post('/v1/jobs', body(ensemble('vote', 'weak', 'strong')));
  expect([refused.status, await refused.json()]).toMatchObject([429, { code: 'too_many_pipelines' }]);
});
