// The states of a job's blocks, as its feeder sees them.
import { beforeEach, describe, expect, it } from 'vitest';
import { createBlockStates, type BlockStates } from '#forebay/api/feeder/block-states.js';

let now: number;
let states: BlockStates;
beforeEach(() => {
  now = 1000;
  states = createBlockStates(() => now);
});
const EXTENT = { firstRow: 0, rows: 4 };

describe('a block', () => {
  it('that is reserved may go on the queue immediately, and has no runs yet', () => {
    states.reserved(3, EXTENT);
    states.reserved(2, EXTENT);
    expect(states.due()).toEqual([2, 3]);
    expect(states.freshExtent(2)).toEqual(EXTENT);
    expect(states.worst()).toBeNull();
  });

  it('that is on the queue is not added again', () => {
    states.reserved(0, EXTENT);
    states.queued(0, 1, 0);
    expect(states.due()).toEqual([]);
    expect([...states.queuedGenerations()]).toEqual([[0, 1]]);
    expect(() => states.queued(0, 2, 0)).toThrow(/on the queue already/);
  });

  it('is known to have failed from the end of its first run until it leaves the window', () => {
    states.reserved(0, EXTENT);
    states.queued(0, 1, 0);
    states.learn(0, { attempts: 1, generation: 1 });
    expect(states.retried()).toBeNull();
    states.lost(0);
    expect(states.retried()).toBe(0);
    states.queued(0, 2, 1);
    expect(states.retried()).toBe(0);
    states.gone(0);
    expect(states.retried()).toBeNull();
  });

  it('of an earlier feeder counts as queued if that feeder ever queued it, and as due otherwise', () => {
    states.sync([0, 1]);
    states.learn(0, { attempts: 2, generation: 3 });
    states.learn(1, { attempts: 0, generation: 0 });
    expect([...states.queuedGenerations()]).toEqual([[0, 3]]);
    expect(states.due()).toEqual([1]);
    expect(states.worst()).toEqual({ block: 0, attempts: 2 });
  });

  it('waits longer after each run, however often the window is checked meanwhile', () => {
    const delayAfter = (attempts: number) => {
      states.sync([]);
      states.sync([0]);
      states.learn(0, { attempts, generation: 1 });
      states.lost(0);
      const began = now;
      while (states.due().length === 0) {
        now += 500;
        states.sync([0]);
        states.learn(0, { attempts, generation: 1 });
      }
      return now - began;
    };
    expect([0, 1, 2, 6, 20].map(delayAfter)).toEqual([0, 500, 1000, 16_000, 30_000]);
  });

  it('that was taken off the queue may go there again immediately', () => {
    states.reserved(0, EXTENT);
    states.queued(0, 1, 5);
    states.withdrawn(0);
    expect(states.due()).toEqual([0]);
    expect(() => states.lost(0)).toThrow(/is waiting, not queued/);
  });

  it('is forgotten when it has left the window', () => {
    states.reserved(0, EXTENT);
    states.reserved(1, EXTENT);
    states.sync([1]);
    states.gone(1);
    expect(states.size).toBe(0);
    expect(() => states.lost(1)).toThrow(/not in the window/);
  });
});
