// Draining: what a worker takes, finishes and refuses meanwhile.
import { expect, it } from 'vitest';
import type { TakenBlock } from '#forebay/shared/queue/blocks/block-taker.js';
import { createBlockSource } from '#forebay/workers/intake/block-source.js';
import { createIntake } from '#forebay/workers/intake/intake.js';
import { createRunsInHand } from '#forebay/workers/run/runs-in-hand.js';

/** A source whose queue always has another block. Each take waits for `bring`. */
function worker() {
  const takes: (() => void)[] = [];
  const ends: (() => void)[] = [];
  const log: string[] = [];
  const runs = createRunsInHand({
    runBlock: () => {
      const ended = new Promise<never>((resolve) => ends.push(resolve as () => void));
      return { announced: Promise.resolve(), ended, handBack: async () => undefined } as never;
    },
    onEnded: () => source.ring(),
  });
  const take = async () =>
    new Promise<TakenBlock>((resolve) => takes.push(() => resolve({ queue: 'q' } as TakenBlock)));
  const source = createBlockSource({
    takers: () => [{ queue: 'q', take } as never],
    blocksWanted: () => 1,
    goesAhead: () => true,
    bestWaiting: async () => 1,
    begin: async (block) => runs.begin(block),
    onIdle: () => undefined,
    emit: () => undefined,
  });
  const online = { hold: async () => undefined, release: () => undefined, stop: async () => undefined };
  const intake = createIntake({
    source,
    online,
    runs,
    onChange: () => log.push(intake.state),
    emit: () => undefined,
  });
  /** Long enough for everything that waits only for promises. */
  const settle = async () => new Promise((resolve) => setImmediate(resolve));
  /** Ends the worker, and everything that it still takes or runs. */
  async function end(): Promise<void> {
    const ended = intake.end();
    for (const bring of takes) bring();
    await settle();
    for (const finish of ends) finish();
    await ended;
  }
  return { takes, ends, log, source, runs, intake, settle, end };
}

it('a block that a take brings during a drain is finished first, and none is taken after it', async () => {
  const { takes, ends, log, source, runs, intake, settle, end } = worker();
  await settle();
  intake.follow('drain');
  // Each heartbeat repeats the order.
  intake.follow('drain');
  expect([takes.length, intake.state, source.mayBring]).toEqual([1, 'draining', true]);
  takes[0]!();
  await settle();
  expect([runs.count, intake.state, source.mayBring]).toEqual([1, 'draining', false]);
  source.urge('q');
  ends[0]!();
  await settle();
  expect([takes.length, intake.state]).toEqual([1, 'drained']);
  intake.follow('resume');
  await settle();
  expect([takes.length, log]).toEqual([2, ['draining', 'drained', 'running']]);
  await end();
});

it('the end of a drain that was undone does not end a later one', async () => {
  const { takes, ends, intake, settle, end } = worker();
  await settle();
  intake.follow('drain');
  takes[0]!();
  await settle();
  intake.follow('resume');
  await settle();
  intake.follow('drain');
  takes[1]!();
  await settle();
  // The first drain waited only for this block.
  ends[0]!();
  await settle();
  expect(intake.state).toBe('draining');
  ends[1]!();
  await settle();
  expect(intake.state).toBe('drained');
  await end();
});
