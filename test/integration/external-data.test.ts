// A model that keeps its weights beside its graph is served, and never resumed with other weights.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ModelWire } from '#forebay/api/http/wire/model.js';
import { classWeights, meanColourModel, writeModelFolder } from '../support/onnx/models.ts';
import { LABELS, readOutput, startService, writeImages, type Service } from '../support/service.ts';

const CLASSES = [
  [9, 0, 0],
  [0, 9, 0],
  [0, 0, 9],
];
const few = { model: 'outside', input: { type: 'files', path: 'few' } };

let service: Service;
const weights = () => join(service.models, 'outside', 'weights.bin');
beforeAll(async () => {
  service = await startService({ workers: 0, env: { FOREBAY_LOG_LEVEL: 'silent' } });
  await writeImages(join(service.input, 'few'), 12);
  const graph = meanColourModel({ side: 8, classes: CLASSES, location: 'weights.bin' });
  const config = { name: 'outside', task: 'image-classification', preprocess: { crop: 8 } };
  writeModelFolder(join(service.models, 'outside'), graph, { ...config, softmax: true }, LABELS);
  writeFileSync(weights(), classWeights(CLASSES));
});
afterAll(async () => service.close());

it('an output is not resumed once the weights beside the graph have changed', async () => {
  await service.startWorker();
  const first = await service.ended((await service.submit(few)).id);
  expect(first).toMatchObject({ status: 'completed', rows: { succeeded: 12 } });
  expect(readOutput(first.output).map((row) => row.predictions?.[0]?.label)).toEqual(
    Array.from({ length: 12 }, (_, i) => LABELS[i % 3]),
  );
  await service.stopWorkers();

  const hashOf = async () => ((await (await service.request('/v1/models/outside')).json()) as ModelWire).hash;
  const before = await hashOf();
  writeFileSync(weights(), classWeights(CLASSES.toReversed()));
  expect(await hashOf()).not.toBe(before);
  const resume = { ...few, output: first.output, options: { if_output_exists: 'resume' } };
  const refused = await service.post('/v1/jobs', resume);
  expect([refused.status, await refused.json()]).toMatchObject([409, { code: 'resume_mismatch' }]);

  writeFileSync(weights(), classWeights(CLASSES));
  expect(await hashOf()).toBe(before);
  await service.startWorker();
  const resumed = await service.ended((await service.submit(resume)).id);
  expect(resumed).toMatchObject({ status: 'completed', rows: { succeeded: 12 } });
});
