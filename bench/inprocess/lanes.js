/** Starts lanes without the service, keeps them resident and measures them. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { cpuSeconds } from '../harness/processes.js';

const ENTRY = new URL('lane.js', import.meta.url);

/**
 * @param {import('./lane.js').LaneConfig & { lanes: number, unit: 'process' | 'thread', arenas?: number,
 *   uvThreads?: number }} config
 * @param {readonly string[]} rows paths of files, or lines of JSON; they repeat until the time is over
 * @returns `loadMs`: of the slowest lane; `measure(seconds)`: rows per second over all lanes, the number of rows, CPU ms
 *   per row (null for threads), and ms per row of each stage; `answers(rows)`: from one lane; `stop()`
 */
export async function startLanes(config, rows) {
  const lanes = Array.from({ length: config.lanes }, () => startOne(config));
  const readying = lanes.map((lane) => lane.hear('ready'));
  for (const [first, lane] of lanes.entries()) lane.send({ config, rows, first, step: config.lanes });
  const ready = await Promise.all(readying);
  const pids = lanes.map((lane) => lane.pid ?? process.pid);

  async function measure(seconds) {
    const before = cpuSeconds(pids);
    const doing = lanes.map((lane) => lane.hear('done'));
    for (const lane of lanes) lane.send({ type: 'go', seconds });
    const done = await Promise.all(doing);
    const count = done.reduce((sum, one) => sum + one.rows, 0);
    const perRow = (stage) => done.reduce((sum, one) => sum + one.stages[stage], 0) / count;
    return {
      // Each lane's rate covers its own time, because lanes do not end at the same moment.
      rate: done.reduce((sum, one) => sum + (one.rows / one.ms) * 1000, 0),
      rows: count,
      cpuMsPerRow: config.unit === 'process' ? ((cpuSeconds(pids) - before) * 1000) / count : null,
      stages: Object.fromEntries(Object.keys(done[0].stages).map((stage) => [stage, perRow(stage)])),
    };
  }

  return {
    loadMs: Math.max(...ready.map((one) => one.loadMs)),
    measure,
    async answers(asked) {
      const answering = lanes[0].hear('answered');
      lanes[0].send({ type: 'answer', rows: asked });
      return JSON.parse((await answering).answers);
    },
    async stop() {
      await Promise.all(lanes.map((lane) => lane.end()));
    },
  };
}

/** Starts lanes, warms them up unless they reload the model for every batch, measures once and stops them. */
export async function measureOnce(config, rows, seconds) {
  const lanes = await startLanes(config, rows);
  try {
    if (!config.reload) await lanes.measure(Math.min(1, seconds / 4));
    return await lanes.measure(seconds);
  } finally {
    await lanes.stop();
  }
}

function startOne(config) {
  const lane = config.unit === 'thread' ? new Worker(ENTRY) : forked(config);
  const send = (message) => (config.unit === 'thread' ? lane.postMessage(message) : lane.send(message));
  const ended = new Promise((resolve) => lane.once('exit', resolve));
  const kill = () => (config.unit === 'thread' ? undefined : lane.kill('SIGKILL'));
  process.once('exit', kill);
  return {
    pid: lane.pid,
    send,
    hear: (type) =>
      new Promise((resolve, reject) => {
        const hear = (message) => {
          if (message.type !== type) return;
          lane.off('message', hear);
          resolve(message);
        };
        lane.on('message', hear);
        lane.once('error', reject);
        void ended.then((code) => reject(new Error(`a lane ended with exit code ${code}`)));
      }),
    async end() {
      send({ type: 'end' });
      await ended;
      process.off('exit', kill);
    },
  };
}

function forked({ arenas, uvThreads }) {
  const env = {
    ...process.env,
    ...(arenas === undefined ? {} : { MALLOC_ARENA_MAX: String(arenas) }),
    ...(uvThreads === undefined ? {} : { UV_THREADPOOL_SIZE: String(uvThreads) }),
  };
  return fork(fileURLToPath(ENTRY), [], { serialization: 'advanced', execArgv: [], env });
}
