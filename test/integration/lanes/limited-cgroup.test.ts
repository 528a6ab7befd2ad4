// A worker in a cgroup whose memory limit the kernel enforces. It slows down before the kernel kills a process. If the
// kernel kills a lane nevertheless, no good row fails.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JobStatsWire } from '#forebay/api/http/wire/stats.js';
import { makeLimitedCgroup, noCgroups, type LimitedCgroup } from '../../support/limited-cgroup.ts';
import { meanColourModel, writeModelFolder } from '../../support/onnx/models.ts';
import {
  indexes,
  LABELS,
  readOutput,
  startService,
  upTo,
  writeImages,
  type Service,
} from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

const MB = 2 ** 20;
const ROWS = 120;
/** The side of the model's image, which takes 12 MB per row as a tensor. */
const SIDE = 1024;
const BALLAST = join(import.meta.dirname, '../../support/ballast.mjs');
const HOOK = pathToFileURL(join(import.meta.dirname, '../../support/sudden-row.mjs')).href;

describe.skipIf(noCgroups)(noCgroups ?? 'a worker in a cgroup with a limit', () => {
  let service: Service;
  let group: LimitedCgroup;
  /** The log of the worker so far. */
  let said: string;
  beforeAll(async () => {
    service = await startService({ workers: 0, env: { FOREBAY_LANES: '2', FOREBAY_LOG_LEVEL: 'info' } });
    const classes = [0, 1, 2].map((i) => [0, 1, 2].map((j) => Number(i === j)));
    const config = {
      name: 'large',
      task: 'image-classification',
      preprocess: { crop: SIDE },
    };
    writeModelFolder(join(service.models, 'large'), meanColourModel({ side: SIDE, classes }), config, LABELS);
    await writeImages(join(service.input, 'images'), ROWS);
    copyFileSync(join(service.input, 'images', '000000.png'), join(service.input, 'sudden.png'));
  });
  afterEach(async () => {
    await service.stopWorkers();
    await group.remove();
  });
  afterAll(async () => service.close());

  const statsOf = async (id: string) =>
    (await (await service.request(`/v1/jobs/${id}/stats`)).json()) as JobStatsWire;

  async function start(limitMb: number, env: Record<string, string> = {}) {
    group = makeLimitedCgroup(limitMb * MB);
    const worker = await service.startWorker(env, {
      ...group.fork,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    said = '';
    worker.stderr!.setEncoding('utf8').on('data', (text: string) => (said += text));
    expect(group.pids()).toContain(worker.pid);
    // A worker with several models first tries each in a separate process, which takes memory until it has exited.
    const isLoaded = (model: string) => said.includes(`"event":"model.loaded","model":"${model}"`);
    await waitUntil(
      'both models, and only the worker and its two lanes',
      () => isLoaded('tiny') && isLoaded('large') && group.pids().length === 3,
    );
    return worker;
  }

  /** The number in a file name is the colour of the image. */
  function expectAllRight(output: string, rows: number): void {
    const answers = readOutput(output);
    expect(indexes(answers)).toEqual(upTo(rows));
    expect(answers.map(({ predictions }) => predictions![0]!.label)).toEqual(
      upTo(rows).map((i) => LABELS[i % 3]),
    );
  }

  /** Runs a job whose batches fill the memory. Two lanes at once need more than the limit. */
  async function runLarge(worker: ChildProcess, batchSize: number): Promise<{ killed: number }> {
    const killedAtStart = group.kills();
    const { id } = await service.submit({
      model: 'large',
      input: { type: 'files', path: 'images' },
      options: { batch_size: batchSize, block_rows: 8, limit: ROWS },
    });
    const { status, output } = await service.ended(id, 120_000);
    expect(status).toBe('completed');
    expectAllRight(output, ROWS);
    expect((await statsOf(id)).last_run_error).toBeNull();
    expect(group.pids()).toContain(worker.pid);
    return { killed: group.kills() - killedAtStart };
  }

  /** Another process fills the cgroup, slowly enough for the worker to see every level of memory use. */
  async function fillUntilStop(): Promise<void> {
    const killedAtStart = group.kills();
    // Loading the models may already have filled the memory for a moment.
    const saidBefore = said.length;
    const saidNow = () => said.slice(saidBefore);
    const ballast = fork(BALLAST, [], group.fork);
    const ended = once(ballast, 'exit');
    const stop = 'memory is almost full: no more blocks are taken until some are done';
    await waitUntil('the worker to stop taking blocks', () => saidNow().includes(stop), 60_000);
    ballast.send('enough');
    expect(saidNow()).toContain('memory runs short: lanes get one batch at a time');
    expect(saidNow().indexOf('memory runs short')).toBeLessThan(saidNow().indexOf(stop));
    expect(group.kills()).toBe(killedAtStart);
    ballast.disconnect();
    await ended;
  }

  it('slows down and stops taking blocks before the kernel kills a process, and every answer is right', async () => {
    const worker = await start(420);
    await fillUntilStop();
    expect(await runLarge(worker, 4)).toEqual({ killed: 0 });
  }, 150_000);

  it('answers every row correctly even if batches grow too fast and lanes are killed', async () => {
    await runLarge(await start(480), 8);
    expect(said).toContain('lane died, starting it again');
  }, 150_000);

  it('notices that the kernel has killed a lane, and fails only the row that takes all memory', async () => {
    const worker = await start(500, { NODE_OPTIONS: `--import ${HOOK}` });
    const killedAtStart = group.kills();
    const names = upTo(60).map((i) => (i === 23 ? 'sudden' : `images/00000${i % 3}`));
    writeFileSync(join(service.input, 'sudden.txt'), names.map((name) => `${name}.png`).join('\n'));
    const { id } = await service.submit({
      model: 'tiny',
      input: { type: 'manifest', path: 'sudden.txt' },
      options: { block_rows: 20 },
    });
    let kills = killedAtStart;
    const ended = await service.until(
      id,
      'the end',
      ({ status }) => {
        // Read once, because a kill between two reads would leave the worker stopped.
        const now = group.kills();
        if (now > kills) worker.kill('SIGCONT');
        kills = now;
        return status === 'completed';
      },
      90_000,
    );
    expect(ended.rows).toEqual({ total: 60, succeeded: 59, failed: 1, adopted: 0 });
    const errors = readOutput(ended.output, 'errors');
    expect(errors).toMatchObject([{ index: 23, error: { code: 'out_of_memory' } }]);
    // The row kills three lanes: with its batch, alone in the lane, and alone in the worker. It may also kill a lane
    // earlier, while its batch waits behind others.
    expect(kills - killedAtStart).toBeGreaterThanOrEqual(3);
    expect((await statsOf(id)).last_run_error).toBeNull();
    expect(group.pids()).toContain(worker.pid);
  }, 120_000);
});
