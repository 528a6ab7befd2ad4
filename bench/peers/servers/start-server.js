/** Starts a model server as a process, and waits until it answers. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../harness/free-port.js';
import { treeOf } from '../../harness/processes.js';
import { peersPython } from '../python.js';

const here = dirname(fileURLToPath(import.meta.url));
const START_MS = 120_000;

/**
 * @param {{ environment: string, program: string, path: string, batch: number, waitMs: number }} server
 * @param {{ graph: string, cores: number, sample: { file: string, type: string } }} work `sample`: a request
 * @returns `url` of requests, `pid`, `stop()`
 */
export async function startServer({ environment, program, path, batch, waitMs }, { graph, cores, sample }) {
  const python = peersPython(environment);
  const [port, second, third] = await Promise.all([freePort(), freePort(), freePort()]);
  const child = spawn(python, [join(here, program)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PEER_MODEL: graph,
      PEER_PORT: port,
      PEER_PORT_2: second,
      PEER_PORT_3: third,
      PEER_CORES: cores,
      PEER_BATCH: batch,
      PEER_WAIT_MS: waitMs,
      OMP_NUM_THREADS: '1',
      RAY_USAGE_STATS_ENABLED: '0',
    },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += String(data)));
  let exit = null;
  const exited = new Promise((resolve) =>
    child.once('close', (code) => resolve((exit = code ?? 'a signal'))),
  );
  /** Also those that the server has started, which may outlive it. */
  const stop = async () => {
    const tree = treeOf(child.pid);
    child.kill('SIGTERM');
    await Promise.race([exited, delay(5000)]);
    for (const pid of tree) kill(pid);
    await exited;
  };
  const url = `http://127.0.0.1:${port}${path}`;
  for (const until = performance.now() + START_MS; !(await answers(url, sample)); await delay(200)) {
    if (exit === null && performance.now() < until) continue;
    await stop();
    throw new Error(`${program} did not start (${exit}):\n${said.slice(-3000)}`);
  }
  return { url, pid: child.pid, stop };
}

async function answers(url, { file, type }) {
  try {
    const headers = { 'Content-Type': type };
    const asked = { method: 'POST', headers, body: readFileSync(file), signal: AbortSignal.timeout(5000) };
    const response = await fetch(url, asked);
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
