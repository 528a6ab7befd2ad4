import { expect, it } from 'vitest';
import { runLoad } from '#forebay/cli/loadtest/run-load.js';
import { loadText, summariseLoad } from '#forebay/cli/loadtest/summarise-load.js';

it('a stall of the service counts for every request that should have been sent meanwhile', async () => {
  let resume!: () => void;
  const stalled = new Promise<void>((resolve) => (resume = resolve));
  let resumedAt = 0;
  setTimeout(() => {
    resumedAt = performance.now();
    resume();
  }, 200);
  let firstAt: number | null = null;
  const ask = async () => {
    firstAt ??= performance.now();
    await stalled;
    return null;
  };
  // One request every 10 ms.
  const report = await runLoad({ rate: 100 }, 0.1, ask, () => 1 - Math.exp(-1));
  expect(report.answers).toHaveLength(10);
  for (const [at, { ms }] of report.answers.entries())
    expect(ms + at * 10).toBeGreaterThanOrEqual(resumedAt - firstAt! - 0.001);
});

it('clients wait for their answers, so there are never more requests at once than clients', async () => {
  let now = 0;
  let most = 0;
  const ask = async () => {
    most = Math.max(most, ++now);
    await new Promise(setImmediate);
    now -= 1;
    return null;
  };
  const { answers } = await runLoad({ clients: 3 }, 0.02, ask);
  expect(most).toBe(3);
  expect(answers.length).toBeGreaterThan(3);
});

it.each([{ clients: 2 }, { rate: 1e5 }])(
  'a load of %j that is stopped has the answers until then, and waits for no others',
  async (load) => {
    const stop = new AbortController();
    let asked = 0;
    const ask = async () => {
      asked += 1;
      if (asked === 5) stop.abort();
      return asked < 5 ? null : new Promise<null>(() => {});
    };
    const { answers } = await runLoad(load, 3600, ask, Math.random, stop.signal);
    expect(answers).toHaveLength(4);
  },
);

it('latencies are those of results, and errors are counted by code', () => {
  const answers = [
    ...Array.from({ length: 100 }, (_, i) => ({ ms: i + 1, error: null })),
    { ms: 5, error: 'online_full' },
  ];
  const summary = summariseLoad({ load: { rate: 50 }, answers, seconds: 2 });
  expect(summary).toEqual({
    rate: 50,
    requests: 101,
    answered_per_s: 50,
    errors: { online_full: 1 },
    latency_ms: { p50: 50, p90: 90, p99: 99, p999: 100, max: 100 },
  });
  const none = summariseLoad({ load: { clients: 2 }, answers: [{ ms: 1, error: 'no_worker' }], seconds: 1 });
  expect(none.latency_ms).toBeNull();
  const text = loadText([summary, none]);
  expect(text).toMatch(/^50\/s .* 50\.0 .* 99\.0 .*█+░+$/m);
  expect(text).toContain('1 x online_full at 50\n1 x no_worker at 2\n');
});
