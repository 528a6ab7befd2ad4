// Which models of a pipeline share decoded images with those around it.
import { expect, it } from 'vitest';
import { createSharedImages, type SharedImages } from '#forebay/workers/lane/image/shared-images.js';
import type { ModelLoad } from '#forebay/workers/lane/messages.js';
import type { Executor } from '#forebay/workers/lane/executor.js';
import type { ExecutorParts } from '#forebay/workers/lane/models/executor-parts.js';
import { loadPipelineExecutor } from '#forebay/workers/lane/pipeline/pipeline-executor.js';

/** By member. `outside`: what the pipeline itself gets. */
async function sharedBy(kind: object, outside?: SharedImages) {
  const members = [1, 2].map((i) => ({
    model: `m${i}`,
    config: { name: `m${i}`, batching: { batch_size: 1 } },
  }));
  const found: (SharedImages | undefined)[] = [];
  await loadPipelineExecutor(
    { config: { kind: 'pipeline', name: 'p', members, ...kind }, members: [{}, {}] } as unknown as ModelLoad,
    { services: { sharedImages: outside, rowBytes: {} } } as unknown as ExecutorParts,
    async (_, { services }) => {
      found.push(services.sharedImages);
      if (found.length === 2) throw new Error('the models are not needed');
      return { info: { fixedBatch: 1 }, release: async () => {} } as unknown as Executor;
    },
  ).catch(() => undefined);
  return found;
}

it('models that get every row share its image, and later levels decode the few rows that come again', async () => {
  const outside = createSharedImages();
  expect(await sharedBy({ ensemble: {} }, outside)).toEqual([outside, outside]);
  expect(await sharedBy({ cascade: {} }, outside)).toEqual([outside, undefined]);
  expect(await sharedBy({ cascade: {} })).toEqual([undefined, undefined]);
  const [first, second] = await sharedBy({ ensemble: {} });
  expect(first).toBeDefined();
  expect(second).toBe(first);
});
