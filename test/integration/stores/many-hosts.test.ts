// A service over several hosts without a shared disk. Each process has its own folders, and where the system allows it,
// its own network. Only Redis and S3 are shared.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import { startOwnProcess, type OwnProcess } from '../../support/own-process.ts';
import { startTestRedis } from '../../support/redis.ts';
import { noSeaweedfs, startSeaweedfs, type S3Server } from '../../support/seaweedfs.ts';
import { createTestHosts, sharedNetwork } from '../../support/test-hosts.ts';
import { colourImage, indexes, upTo, writeTinyModel, type OutputRow } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

const ROWS = 60;
const OUTPUT = 's3://shared/out/all/';

const networks = sharedNetwork === null ? 'in separate networks' : `in one network (${sharedNetwork})`;

describe.skipIf(noSeaweedfs !== null)(`many hosts ${noSeaweedfs ?? networks}`, () => {
  let s3: S3Server;
  let redis: Awaited<ReturnType<typeof startTestRedis>>;
  let hosts: Awaited<ReturnType<typeof createTestHosts>>;
  const folders: string[] = [];
  const running: OwnProcess[] = [];

  beforeAll(async () => {
    const images = await Promise.all([0, 1, 2].map(colourImage));
    [s3, redis] = await Promise.all([startSeaweedfs('shared'), startTestRedis()]);
    const put = async (i: number) => s3.put('shared', `in/${String(i).padStart(6, '0')}.png`, images[i % 3]!);
    await Promise.all(upTo(ROWS).map(put));
    hosts = await createTestHosts({ redis: redis.socketPath, s3: s3.endpoint });
  }, 60_000);
  afterAll(async () => {
    await Promise.all(running.map(async (one) => one.stop()));
    await hosts?.remove();
    await Promise.all([redis?.stop(), s3?.stop()]);
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  /** A process on a new host: its own folders, and its own copy of the model. */
  async function onNewHost(part: 'api' | 'workers', more: Record<string, string> = {}): Promise<OwnProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'forebay-host-'));
    folders.push(folder);
    writeTinyModel(join(folder, 'the-models', 'tiny'), 'tiny');
    const { env, command } = await hosts.add();
    const settings = {
      ...s3.env,
      ...env,
      FOREBAY_PORT: '0',
      FOREBAY_LANES: '1',
      FOREBAY_DATA_DIR: join(folder, 'data'),
      FOREBAY_CACHE_DIR: join(folder, 'cache'),
      FOREBAY_MODELS_DIR: join(folder, 'the-models'),
      FOREBAY_INPUT_ROOTS: 's3://shared/in/',
      FOREBAY_OUTPUT_ROOTS: 's3://shared/out/',
      ...more,
    };
    const host = startOwnProcess(part, settings, command);
    running.push(host);
    return host;
  }

  /** The address of an API, or of a worker's port, once it is ready. */
  async function urlOf(host: OwnProcess): Promise<string> {
    const [, url] = (await host.says(/"url":"(http:[^"]+)","msg":"listening"/))!;
    await waitUntil('a host', async () => (await fetch(`${url}/readyz`)).ok);
    return url!;
  }

  async function runJob(url: string, body: object): Promise<JobWire> {
    const request = {
      model: 'tiny',
      input: { type: 'files', path: 's3://shared/in/' },
      output: OUTPUT,
      ...body,
    };
    const response = await fetch(`${url}/v1/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
    });
    if (response.status !== 202) throw new Error(await response.text());
    const { id } = (await response.json()) as JobWire;
    return waitUntil('the job', async () => {
      const job = (await (await fetch(`${url}/v1/jobs/${id}`)).json()) as JobWire;
      if (job.status === 'failed') throw new Error(JSON.stringify(job));
      return job.status === 'completed' && job;
    });
  }

  it('share the rows of a job, each once, and resume it from an API that has moved', async () => {
    const port = { FOREBAY_WORKER_PORT: '0' };
    const workers = [await onNewHost('workers', port), await onNewHost('workers', port)];
    const first = await onNewHost('api');
    const [here, ...there] = await Promise.all([first, ...workers].map(urlOf));
    const some = await runJob(here!, { options: { block_rows: 1, limit: ROWS - 20 } });
    expect(some).toMatchObject({ output: OUTPUT, rows: { succeeded: ROWS - 20, failed: 0 } });
    for (const worker of there) {
      const text = await (await fetch(`${worker}/metrics`)).text();
      const [, blocks] = /^forebay_blocks_total\{model="tiny"\} (\d+)$/m.exec(text) ?? [];
      expect(Number(blocks)).toBeGreaterThan(0);
    }

    await first.stop();
    const url = await urlOf(await onNewHost('api'));
    const whole = await runJob(url, { options: { block_rows: 1, if_output_exists: 'resume' } });
    expect(whole).toMatchObject({ rows: { total: ROWS, succeeded: ROWS, failed: 0, adopted: ROWS - 20 } });
    const results = await (await fetch(`${url}/v1/jobs/${whole.id}/results`)).text();
    const rows = results
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as OutputRow);
    expect(indexes(rows)).toEqual(upTo(ROWS));
    for (const { index, predictions } of rows) expect(predictions![0]!.index).toBe(index % 3);
    for (const one of [...workers, first]) expect(one.said()).not.toMatch(/"level":50/);
  });
});
