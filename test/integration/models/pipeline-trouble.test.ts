// Jobs of pipelines wait while a member cannot be loaded, and continue when it can.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import type { ModelListWire } from '#forebay/api/http/wire/model.js';
import { ensemble, SURE, writeColours, writePipeline } from '../../support/pipelines.ts';
import { writePredictor } from '../../support/predictors.ts';
import { startService, writeImages, type Service } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

let service: Service;
beforeAll(async () => {
  service = await startService({ env: { FOREBAY_LANES: '1', FOREBAY_LOG_LEVEL: 'silent' } });
  await writeImages(join(service.input, 'few'), 9);
  writeColours(service.models, 'colours', SURE);
});
afterAll(async () => service.close());

const members = ensemble('all', 'colours', 'moody');
const few = { type: 'files', path: 'few' };

it('jobs of a pipeline whose member does not load wait, name the member, and continue when it is repaired', async () => {
  const needed = join(service.folder, 'needed.mjs');
  const moody = join(service.models, 'moody');
  const predict = 'async predict(rows) { return rows.map(({ bytes }) => ({ size: bytes.length })); },';
  const config = { kind: 'predictor', name: 'moody', input: 'image' };
  writePredictor(moody, `import '../../needed.mjs';\n${predict}`, config);
  writePipeline(service.models, { name: 'both', ...members });
  await waitUntil('the models', async () => (await modelNames()).includes('both'));

  const given = await service.post('/v1/jobs', { pipeline: members, input: few });
  expect(given.status).toBe(202);
  const jobs = [
    ((await given.json()) as JobWire).id,
    (await service.submit({ model: 'both', input: few })).id,
    (await service.submit({ model: 'moody', input: few })).id,
  ];
  for (const id of jobs) {
    const waiting = await service.until(id, 'a reason', ({ reason }) => reason === 'model_failed');
    expect(waiting).toMatchObject({ status: 'queued', rows: { succeeded: 0, failed: 0 } });
    expect(waiting.reason_text).toContain('needed.mjs');
    expect(waiting.reason_text).toContain('moody');
  }
  const other = await service.submit({ model: 'colours', input: few });
  expect(await service.ended(other.id)).toMatchObject({ status: 'completed', rows: { succeeded: 9 } });

  // The files that count are the same as before, so the jobs' hashes hold.
  writeFileSync(needed, '');
  writePredictor(moody, `import '../../needed.mjs';\n${predict}`, config);
  for (const id of jobs) {
    expect(await service.ended(id)).toMatchObject({
      status: 'completed',
      reason: null,
      rows: { succeeded: 9, failed: 0 },
    });
  }
});

async function modelNames(): Promise<string[]> {
  const { data } = (await (await service.request('/v1/models')).json()) as ModelListWire;
  return data.map(({ name }) => name);
}
