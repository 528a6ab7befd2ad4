// What hooks and their graph may leave in a lane.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createPictureShelf } from '#forebay/workers/lane/image/kept-pictures.js';
import { createSharedImages } from '#forebay/workers/lane/image/shared-images.js';
import type { ModelLoad } from '#forebay/workers/lane/messages.js';
import type { ExecutorParts } from '#forebay/workers/lane/models/executor-parts.js';
import { loadHookedExecutor } from '#forebay/workers/lane/predictor/hooked-executor.js';

/** What the graph may keep images in. `hook`: a function of the module. */
async function keepersOf(
  hook: string,
): Promise<Pick<ExecutorParts['services'], 'pictures' | 'sharedImages'>> {
  const dir = mkdtempSync(join(tmpdir(), 'forebay-test-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'hooks.mjs'), `export default { ${hook} };\n`);
  const config = { name: 'm', task: 'image-embedding', hooks: { file: 'hooks.mjs' } };
  const services = { pictures: createPictureShelf(1000), sharedImages: createSharedImages() };
  let given: ExecutorParts['services'] | null = null;
  await loadHookedExecutor(
    { dir, config, threads: 1 } as unknown as ModelLoad,
    { services } as unknown as ExecutorParts,
    async (_, parts) => {
      given = parts.services;
      throw new Error('the graph is not needed');
    },
  ).catch(() => undefined);
  return given!;
}

it('keeps no images of rows that code has made, because nobody asks for them or drops them', async () => {
  const kept = await keepersOf('after: (answers) => answers');
  expect([kept.pictures, kept.sharedImages]).toEqual([expect.anything(), expect.anything()]);
  const { pictures, sharedImages } = await keepersOf('before: (rows) => rows');
  expect([pictures, sharedImages]).toEqual([undefined, undefined]);
});
