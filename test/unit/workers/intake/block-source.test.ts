import { expect, it } from 'vitest';
import { createBlockSource } from '#forebay/workers/intake/block-source.js';
import type { TakenBlock } from '#forebay/shared/queue/blocks/block-taker.js';

it('an urgent block that comes while the source looks for another one is taken', async () => {
  const urgent = { token: 'urgent' } as TakenBlock;
  const begun = await new Promise<TakenBlock>((resolve) => {
    let looks = 0;
    const source = createBlockSource({
      takers: () => [{ queue: 'q', take: async () => urgent } as never],
      blocksWanted: () => 0,
      goesAhead: () => true,
      async bestWaiting() {
        if (looks++ > 0) return 1;
        // The answer is on its way when the block is added.
        source.urge('q');
        return null;
      },
      begin: async (block) => {
        void source.stop();
        resolve(block);
      },
      onIdle: () => undefined,
      emit: () => undefined,
    });
    source.urge('q');
  });
  expect(begun).toBe(urgent);
});
