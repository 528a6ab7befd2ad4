// When `forebay model init` writes a batch size.
import { expect, it } from 'vitest';
import type { CallTimes } from '#forebay/workers/lane/messages.js';
import { fasterBatch, isSizedByBytes } from '#forebay/workers/model-init/faster-batch.js';
import { checkedConfig } from '../../../support/onnx/models.ts';

const times = (...given: [number, ...number[]][]): CallTimes[] =>
  given.map(([rows, ...msPerRow]) => ({ rows, msPerRow }));

it.each<[string, CallTimes[], object | null]>([
  ['nothing was measured', [], null],
  ['it is as fast', times([128, 4, 4.1, 4], [32, 4, 4, 4]), null],
  ['it saves only 7 %', times([128, 4, 4, 4], [32, 3.72, 3.72, 3.72]), null],
  ['it saves 10 %', times([128, 4, 4, 4], [32, 3.6, 3.6, 3.6]), { rows: 32, autoRows: 128 }],
  ['a round was as slow as the automatic size', times([128, 4, 5, 4.5], [32, 3.5, 4.1, 3.5]), null],
  ['the automatic size was fast only once', times([128, 9, 3.8, 9], [32, 3.6, 3.6, 3.6]), null],
  ['a still smaller one is hardly faster', times([128, 4, 4], [32, 3.6, 3.6], [8, 3.55, 3.55]), { rows: 32 }],
  ['a still smaller one is much faster', times([128, 4, 4], [32, 3.6, 3.6], [8, 3.2, 3.2]), { rows: 8 }],
])('chooses a smaller batch only if it is clearly faster: %s', (_, given, chosen) => {
  const found = fasterBatch(given);
  if (chosen === null) expect(found).toBeNull();
  else expect(found).toMatchObject(chosen);
});

it('times only models whose rows decide on the batch by their bytes', () => {
  const sized = (more: object) => isSizedByBytes(checkedConfig({ name: 'm', task: 'tensors', ...more }));
  expect(sized({})).toBe(true);
  expect(sized({ batching: { batch_size: 4 } })).toBe(false);
  expect(sized({ execution_providers: ['webgpu'] })).toBe(false);
  expect(sized({ task: 'text-embedding', tokenizer: 't.json', pooling: 'cls' })).toBe(false);
});
