/**
 * Ends the lane when its parent is gone, even from inside a blocking native call: a thread of its own polls
 * for it. Standard library only; this file is both the starter and the thread.
 */
import { isMainThread, Worker, workerData } from 'node:worker_threads';

/** How long a lane may outlive its parent. */
const POLL_MS = 250;

/** `parent`: the process id that must stay this process's parent. */
export function startWatchdog(parent: number): void {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { watchdogOf: parent },
    // Nothing of the process's: a preload here would take more memory than a poll needs, or hold the thread.
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
  });
  // The lane can do without it: `disconnect` ends an orphan too, only not from inside a native call.
  worker.on('error', (error) => process.stderr.write(`forebay lane: no watchdog: ${error.message}\n`));
  worker.unref();
}

function watch(parent: number): void {
  setInterval(() => {
    // An orphan is adopted by another process, and nobody is left to take its answers.
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  }, POLL_MS);
}

if (!isMainThread) {
  const data = workerData as { readonly watchdogOf?: number } | null;
  if (data?.watchdogOf !== undefined) watch(data.watchdogOf);
}
