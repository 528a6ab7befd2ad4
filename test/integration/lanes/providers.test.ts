// Execution providers: what model.json may name, what a session really uses, and when the CPU may stand in.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ModelWire } from '#forebay/api/http/wire/model.js';
import { readModelConfig } from '#forebay/shared/models/read-model-config.js';
import { codeOf, plain, testFolder, testLane } from '../../support/lanes.ts';
import { meanColourModel, writeModelFolder } from '../../support/onnx/models.ts';
import { startService, writeTinyModel } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

const CONFIG = { name: 'tiny', task: 'image-classification', preprocess: { crop: 8 }, softmax: true };

function issues(more: object) {
  const reading = readModelConfig({ ...CONFIG, ...more });
  return reading.ok ? [] : reading.issues.map(({ path, message }) => `${path} ${message}`);
}

async function loaded(more: object) {
  const graph = meanColourModel({
    classes: [
      [1, 0, 0],
      [0, 1, 0],
    ],
    side: 8,
  });
  const lane = testLane();
  const model = writeModelFolder(testFolder(), graph, { ...CONFIG, ...more });
  return { lane, info: await lane.load({ model: 'm', ...model, threads: 1 }) };
}

describe('in model.json', () => {
  it('a provider is a name, or a name with its device', () => {
    expect(issues({ execution_providers: ['tensorrt', { name: 'cuda', device_id: 1 }, 'cpu'] })).toEqual([]);
  });

  it('unknown names, unknown options and repeated providers are errors that name the field', () => {
    expect(issues({ execution_providers: ['cude'] })).toEqual([
      '/execution_providers/0 expected one of "cpu"|"webgpu"|"cuda"|"tensorrt", or object, received string',
    ]);
    expect(issues({ execution_providers: [{ name: 'cude' }] })).toEqual([
      '/execution_providers/0/name expected one of "cpu"|"webgpu"|"cuda"|"tensorrt"',
    ]);
    expect(issues({ execution_providers: [{ name: 'cuda', device: 1 }] })).toEqual([
      '/execution_providers/0/device unknown field; did you mean "device_id"?',
    ]);
    expect(issues({ execution_providers: ['cuda', { name: 'cuda' }] })).toEqual([
      '/execution_providers names a provider twice',
    ]);
  });

  it('a memory limit is refused, because onnxruntime would ignore it', () => {
    expect(issues({ execution_providers: [{ name: 'cuda', memory_limit_mb: 2048 }] })).toEqual([
      '/execution_providers/0/memory_limit_mb onnxruntime-node cannot limit the memory of a provider; leave the field out',
    ]);
  });

  it('a config without a fallback does not contain the field, so that its hash stays the same', () => {
    const reading = readModelConfig(CONFIG);
    expect(reading.ok && Object.keys(reading.config)).not.toContain('fallback');
  });
});

describe('in a lane', () => {
  it('a session says which providers it uses', async () => {
    expect((await loaded({})).info.providers).toEqual(['cpu']);
    expect((await loaded({ execution_providers: [{ name: 'cpu' }] })).info.providers).toEqual(['cpu']);
  });
});

const NATIVE = join(dirname(createRequire(import.meta.url).resolve('onnxruntime-node')), '../bin/napi-v6');
const CUDA = join(NATIVE, process.platform, process.arch, 'libonnxruntime_providers_cuda.so');

describe.skipIf(existsSync(CUDA))('without the libraries of CUDA (skipped where they are installed)', () => {
  it.each(['cuda', 'tensorrt', { name: 'cuda', device_id: 0 }])(
    'a model that wants %j does not load, and the error says why and what to change',
    async (provider) => {
      const name = typeof provider === 'string' ? provider : provider.name;
      await expect(loaded({ execution_providers: [provider, 'cpu'] })).rejects.toMatchObject({
        code: 'model_load_failed',
        message: `execution provider ${name} cannot load: its library, or one that it needs, is not installed (the log has its name); change execution_providers in model.json, or let the CPU compute with "fallback": true`,
      });
    },
  );

  it('a fallback that the config allows computes on the CPU, and says so', async () => {
    const { lane, info } = await loaded({ execution_providers: ['tensorrt', 'cuda'], fallback: true });
    expect(info.providers).toEqual(['cpu']);
    expect(info.notes).toEqual([
      expect.stringContaining('the model computes on cpu instead, as "fallback" in model.json allows'),
    ]);
    const rows = [{ bytes: await plain(200, 0, 0) }];
    const { outcomes } = await lane.run({ model: 'm', rows, options: {} });
    expect(outcomes.map(codeOf)).toEqual(['ok']);
  });

  it('the service shows the providers in use, and serves no model on a provider that its config excludes', async () => {
    const service = await startService({ workers: 0, env: { FOREBAY_LOG_LEVEL: 'silent' } });
    try {
      writeTinyModel(join(service.models, 'wants'), 'wants', { execution_providers: ['cuda'] });
      writeTinyModel(join(service.models, 'falls'), 'falls', {
        execution_providers: ['cuda'],
        fallback: true,
      });
      await service.startWorker();
      const get = async (name: string) =>
        (await (await service.request(`/v1/models/${name}`)).json()) as ModelWire;
      await waitUntil('all models', async () => (await get('falls')).status === 'serving');
      expect(await get('tiny')).toMatchObject({ status: 'serving', providers: ['cpu'] });
      expect(await get('falls')).toMatchObject({ status: 'serving', providers: ['cpu'] });
      const wants = await waitUntil('a verdict', async () => {
        const model = await get('wants');
        return model.status === 'failed' && model;
      });
      expect(wants).toMatchObject({ providers: null, problem: { code: 'model_load_failed' } });
      expect(wants.problem?.message).toContain('execution provider cuda cannot load');
    } finally {
      await service.close();
    }
  });
});
