import { expect, it } from 'vitest';
import { settleOptions } from '#forebay/api/jobs/create/settle-options.js';
import type { SubmitRequest } from '#forebay/api/http/wire/submit-request.js';
import type { ModelConfig } from '#forebay/shared/domain/model/model-config.js';
import { withDefaultOptions } from '#forebay/shared/tasks/requested-options.js';

const model = (name: string, more: object = {}) =>
  ({
    name,
    task: 'tabular',
    columns: [],
    top_k: 1,
    batching: { batch_size: 4 },
    ...more,
  }) as unknown as ModelConfig;
const predictor = model('mine', { kind: 'predictor', input: 'features' });
const pipeline = (...members: ModelConfig[]) =>
  model('both', {
    kind: 'pipeline',
    ensemble: { combine: 'all', members: [] },
    members: members.map((config) => ({ model: config.name, hash: 'x', config })),
  });

function settledCache(config: ModelConfig | null, cache?: 'on' | 'off') {
  const options = withDefaultOptions(cache === undefined ? {} : { cache });
  const request = { input: { type: 'jsonl', path: 'a.jsonl' }, options } as SubmitRequest;
  return settleOptions(request, { config, batchSize: 4 }, null).cache;
}

it('the cache is off unless a request asks for it', () => {
  expect(settledCache(model('a'))).toBeNull();
  expect(settledCache(model('a'), 'off')).toBeNull();
  expect(settledCache(model('a'), 'on')).toBe('on');
  expect(settledCache(pipeline(model('a'), model('b')), 'on')).toBe('on');
  expect(settledCache(predictor)).toBeNull();
});

it('code of users has no cache, also inside a pipeline', () => {
  for (const config of [predictor, model('graph', { hooks: {} }), pipeline(model('a'), predictor)]) {
    expect(() => settledCache(config, 'on')).toThrow(
      /^the result cache cannot be used: (mine|graph) .*may answer equal rows differently. Leave "cache" out/,
    );
  }
});
