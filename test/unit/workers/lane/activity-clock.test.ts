import { expect, it } from 'vitest';
import { createHelperThreads } from '#forebay/workers/lane/helper-threads.js';
import { createActivityClock } from '#forebay/workers/lane/activity-clock.js';

it('charges all time to exactly one activity, and nested work to its own activity', () => {
  let time = 0;
  const clock = createActivityClock(() => time);
  time = 5;
  clock.enter('decode');
  time = 8;
  clock.during('rest', () => (time = 10));
  expect(() =>
    clock.during('rest', () => {
      time = 11;
      throw new Error('no file');
    }),
  ).toThrow('no file');
  time = 20;
  expect(clock.enter('run')).toBe('decode');
  time = 50;
  expect(clock.take()).toEqual({ idle: 5, decode: 12, run: 30, rest: 3 });
  time = 51;
  expect(clock.take()).toEqual({ idle: 0, decode: 0, run: 1, rest: 0 });
});

it('sets times aside while something else is measured', () => {
  let time = 0;
  const clock = createActivityClock(() => time);
  clock.enter('run');
  time = 5;
  const resume = clock.setAside();
  time = 7;
  expect(clock.take()).toMatchObject({ run: 2 });
  resume();
  time = 10;
  expect(clock.take()).toMatchObject({ run: 8 });
});

it('computes the CPU time of other threads as the time of the process minus the time of this thread', () => {
  const busy = (untilMs: number) => {
    const from = process.cpuUsage();
    const used = () => {
      const { user, system } = process.cpuUsage(from);
      return (user + system) / 1000;
    };
    while (used() < untilMs);
  };
  let mine = 0;
  const all = createHelperThreads(() => mine).start();
  busy(40);
  expect(all()).toBeGreaterThanOrEqual(39);
  const none = createHelperThreads(() => (mine += 1e6)).start();
  busy(10);
  expect(none()).toBe(0);
});
