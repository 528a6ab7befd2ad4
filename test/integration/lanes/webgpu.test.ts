// The WebGPU provider on SwiftShader: a lane of a device with decode threads, as on a real GPU but slower.
import { copyFileSync, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ModelWire } from '#forebay/api/http/wire/model.js';
import type { PlanWire } from '#forebay/api/http/wire/plan.js';
import {
  codeOf,
  plain,
  predictionsOf,
  testFolder,
  testLane,
  type LoadableModel,
} from '../../support/lanes.ts';
import { checkedConfig, meanColourModel, writeModelFolder } from '../../support/onnx/models.ts';
import { readOutput, startService, writeImages, writeTinyModel } from '../../support/service.ts';
import { swiftShader, WITHOUT_SWIFTSHADER } from '../../support/swiftshader.ts';
import { waitUntil } from '../../support/wait-until.ts';

const SIDE = 8;
const env = swiftShader();
const DATA = resolve(import.meta.dirname, '../../../../shared/data');
const MOBILENET = join(DATA, 'models', 'mobilenetv2.onnx');

async function loaded(model: LoadableModel) {
  const lane = testLane({ decodeThreads: 2, env: env! });
  return { lane, info: await lane.load({ model: 'm', ...model, threads: 1 }) };
}

function withProvider(model: LoadableModel, provider: 'cpu' | 'webgpu'): LoadableModel {
  return { ...model, config: { ...model.config, execution_providers: [provider] } };
}

describe.skipIf(env === null)(`WebGPU (${WITHOUT_SWIFTSHADER})`, () => {
  it('answers as the CPU does, and the session says that it uses the provider', async () => {
    const graph = meanColourModel({
      classes: [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
      side: SIDE,
    });
    const config = { name: 'm', task: 'image-classification', preprocess: { crop: SIDE } };
    const model = writeModelFolder(testFolder(), graph, config);
    const [cpu, gpu] = await Promise.all([
      loaded(withProvider(model, 'cpu')),
      loaded(withProvider(model, 'webgpu')),
    ]);
    expect(gpu.info.providers).toEqual(['webgpu']);
    const rows = await Promise.all(
      [0, 60, 120, 180, 240].map(async (level) => ({ bytes: await plain(level, 30, 90) })),
    );
    rows.splice(2, 0, { bytes: Buffer.from('no image') });
    const run = async ({ lane }: typeof cpu) => lane.run({ model: 'm', rows, options: { top_k: 3 } });
    const [expected, found] = await Promise.all([run(cpu), run(gpu)]);
    expect(found.outcomes.map(codeOf)).toEqual(expected.outcomes.map(codeOf));
    for (const [i, outcome] of found.outcomes.entries()) {
      if (!outcome.ok) continue;
      const wanted = predictionsOf(expected.outcomes[i]);
      for (const { index, score } of predictionsOf(outcome)) {
        expect(score).toBeCloseTo(wanted.find((one) => one.index === index)!.score, 4);
      }
    }
  }, 120_000);

  it('a worker has one lane for the device, with decode threads, and a job runs in it', async () => {
    const service = await startService({
      workers: 0,
      // Without FOREBAY_LANES, the worker chooses its lanes by the model's device.
      env: { ...env, FOREBAY_LANES: undefined, FOREBAY_DECODE_THREADS: '2', FOREBAY_LOG_LEVEL: 'silent' },
    });
    try {
      writeTinyModel(join(service.models, 'tiny'), 'tiny', { execution_providers: ['webgpu'] });
      await service.startWorker();
      await writeImages(join(service.input, 'images'), 30);
      const model = await waitUntil(
        'the model',
        async () => {
          const found = (await (await service.request('/v1/models/tiny')).json()) as ModelWire;
          return found.status === 'serving' && found;
        },
        60_000,
      );
      expect(model).toMatchObject({ providers: ['webgpu'] });
      const input = { type: 'files', path: 'images' };
      const plan = (await (await service.post('/v1/plan', { model: 'tiny', input })).json()) as PlanWire;
      expect(plan.numbers).toMatchObject({
        lanes: { value: 1, bound_by: 'model_config' },
        threads_per_lane: { value: 1 },
        decode_threads: { value: 2, bound_by: 'setting' },
        batch_size: { value: 256 },
      });
      const job = await service.ended((await service.submit({ input })).id);
      expect(job).toMatchObject({ status: 'completed', rows: { succeeded: 30, failed: 0 } });
      for (const { index, predictions } of readOutput(job.output)) {
        expect(predictions![0]!.index).toBe(index % 3);
      }
    } finally {
      await service.close();
    }
  }, 180_000);
});

describe.skipIf(env === null || !existsSync(MOBILENET) || process.env['FOREBAY_TEST_SLOW'] === undefined)(
  `MobileNetV2 on WebGPU (set FOREBAY_TEST_SLOW; ${WITHOUT_SWIFTSHADER})`,
  () => {
    it('names a photo as the CPU does', async () => {
      const dir = testFolder();
      copyFileSync(MOBILENET, join(dir, 'model.onnx'));
      const config = checkedConfig({
        name: 'm',
        task: 'image-classification',
        preprocess: { resize: 256, crop: 224, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
      });
      const model = { dir, config, named: [] };
      const rows = [{ path: join(DATA, 'open', 'images', 'chelsea.png'), tenant: 'default' }];
      const answer = async (provider: 'cpu' | 'webgpu') => {
        const { lane } = await loaded(withProvider(model, provider));
        return predictionsOf((await lane.run({ model: 'm', rows, options: { top_k: 1 } })).outcomes[0])[0]!;
      };
      const expected = await answer('cpu');
      const found = await answer('webgpu');
      expect(found.index).toBe(expected.index);
      expect(found.score).toBeCloseTo(expected.score, 3);
    }, 300_000);
  },
);
