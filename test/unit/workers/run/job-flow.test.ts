import { expect, it } from 'vitest';
import { createJobFlows } from '#forebay/workers/run/job-flow.js';

function flows() {
  const clock = { now: 1000 };
  const jobs = createJobFlows(() => clock.now);
  return { clock, begin: (job: string) => jobs.begin(job) };
}

it('counts the idle time of lanes from the first batch of a job', () => {
  const { clock, begin } = flows();
  const flow = begin('a');
  clock.now = 2000;
  expect(flow.answered(1500, 700)).toBe(0);
  // This answer comes from another lane. Only the 300 ms since the first batch count.
  expect(flow.answered(1800, 1000)).toBe(300);
  expect(flow.answered(1900, 50)).toBe(50);
  expect(flow.takeFlowMs()).toBe(500);
  clock.now = 2600;
  expect(flow.takeFlowMs()).toBe(0);
  flow.answered(2500, 0);
  expect(flow.takeFlowMs()).toBe(600);
});

it('continues from block to block, and starts over after a break', () => {
  const { clock, begin } = flows();
  const first = begin('a');
  first.answered(1000, 0);
  first.end();
  clock.now = 6000;
  const second = begin('a');
  expect(second.answered(6000, 4000)).toBe(4000);
  second.takeFlowMs();
  second.end();
  clock.now = 60_000;
  const third = begin('a');
  expect(third.answered(60_000, 54_000)).toBe(0);
  expect(third.takeFlowMs()).toBe(0);
});

it('reports a commit with the next block of the same job', () => {
  const { begin } = flows();
  const [first, other] = [begin('a'), begin('b')];
  first.committed(4);
  first.committed(6);
  first.end();
  expect(other.takeCommits()).toEqual({ ms: 0, count: 0 });
  expect(begin('a').takeCommits()).toEqual({ ms: 10, count: 2 });
  expect(begin('a').takeCommits()).toEqual({ ms: 0, count: 0 });
});
