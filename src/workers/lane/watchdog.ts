/**
 * Ends the lane when its parent is gone, even inside a blocking native call: a separate thread polls for it. Uses only
 * the standard library. This file is both the starter and the thread.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** Maximum time that a lane may outlive its parent. */
const POLL_MS = 250;

/**
 * Resolves when the thread watches. Starting it takes memory and CPU, so it must be over before the lane's first rows.
 *
 * @param parent the id of the process that must stay this process's parent
 */
export async function startWatchdog(parent: number): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { watchdogOf: parent },
    // Does not inherit the flags and variables of the process. A preload would take more memory than a poll needs, or
    // block the thread.
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
  });
  await new Promise<void>((resolve) => {
    worker.once('message', resolve);
    // The lane works without it. `disconnect` also ends an orphan, but not inside a native call.
    worker.on('error', (error) => {
      process.stderr.write(`forebay lane: no watchdog: ${error.message}\n`);
      resolve();
    });
  });
  worker.unref();
}

function watch(parent: number): void {
  setInterval(() => {
    // An orphan gets another parent, and nobody reads its answers.
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  }, POLL_MS);
  parentPort?.postMessage('watching');
}

if (!isMainThread) {
  const data = workerData as { readonly watchdogOf?: number } | null;
  if (data?.watchdogOf !== undefined) watch(data.watchdogOf);
}
