// A hook for a process (`--import`). For each stall of the event loop it appends a line `<time> <ms>` to the file
// FOREBAY_TEST_STALLS. The process measures itself, so that a busy observer does not distort the result. A stall is
// limited to the processor time that the process used in the same period. The time of other processes does not count.
import { appendFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const RESOLUTION_MS = 5;
const PERIOD_MS = 20;
/** Shorter stalls are not recorded. */
const LEAST_MS = 10;

if (isMainThread) {
  const note = (ms) => appendFileSync(process.env.FOREBAY_TEST_STALLS, `${Date.now()} ${ms}\n`);
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  note(0);
  let used = process.cpuUsage();
  setInterval(() => {
    const { user, system } = process.cpuUsage(used);
    const ms = Math.min(delay.max / 1e6 - RESOLUTION_MS, (user + system) / 1000);
    if (ms >= LEAST_MS) note(ms);
    used = process.cpuUsage();
    delay.reset();
  }, PERIOD_MS).unref();
}
