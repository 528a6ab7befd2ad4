// API and worker as separate processes on a Redis that a test breaks, and a job that keeps them busy meanwhile.
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { writeManyRows } from './many-rows.ts';
import { makeServiceFolder, startOwnProcess } from './own-process.ts';
import { writeTinyModel } from './service.ts';
import { waitUntil } from './wait-until.ts';

export const PAIR_ROWS = 1500;

export interface PairJob {
  readonly id: string;
  readonly status: string;
  readonly output: string;
  readonly blocks: { readonly done: number };
  readonly rows: object;
}

export type ServicePair = Awaited<ReturnType<typeof startServicePair>>;

/** `settings`: for both processes. */
export async function startServicePair(redisUrl: string, settings: Readonly<Record<string, string>> = {}) {
  const place = makeServiceFolder();
  writeTinyModel(join(place.folder, 'models', 'tiny'), 'tiny');
  const input = await writeManyRows(join(place.folder, 'input'), PAIR_ROWS);
  const healthPort = await freePort();
  const env = {
    ...place.env,
    ...settings,
    REDIS_URL: redisUrl,
    FOREBAY_WORKER_PORT: String(healthPort),
    // A process that has lost its Redis takes its whole grace time to stop.
    FOREBAY_SHUTDOWN_GRACE_S: '1',
  };
  const api = startOwnProcess('api', env);
  const worker = startOwnProcess('workers', env);
  const [, url = ''] = await api.says(/"url":"(http:[^"]+)","msg":"listening"/);
  const health = `http://127.0.0.1:${healthPort}`;
  const isOk = async (address: string) => (await fetch(address).catch(() => null))?.ok === true;
  const ready = () =>
    waitUntil('API and worker', async () => (await isOk(`${url}/readyz`)) && isOk(`${health}/readyz`));
  await ready();
  const job = async (id: string) => (await (await fetch(`${url}/v1/jobs/${id}`)).json()) as PairJob;
  return {
    api,
    worker,
    url,
    health,
    isOk,
    ready,
    job,
    submit: (headers: Readonly<Record<string, string>> = {}) =>
      fetch(`${url}/v1/jobs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({
          model: 'tiny',
          input,
          options: { block_rows: 10 },
        }),
      }),
    /** Waits until a job has made good progress. */
    async begun(id: string): Promise<void> {
      await waitUntil('some commits', async () => (await job(id)).blocks.done >= 10);
    },
    async completed(id: string): Promise<PairJob> {
      await waitUntil('the job', async () => (await job(id)).status === 'completed', 100_000);
      return job(id);
    },
    async stop(): Promise<void> {
      await Promise.all([api.stop(), worker.stop()]);
      place.remove();
    },
  };
}

/** Warnings and errors in a process's log. */
export function warningsIn(log: string): string[] {
  return log.split('\n').filter((line) => /"level":[45]0/.test(line));
}
