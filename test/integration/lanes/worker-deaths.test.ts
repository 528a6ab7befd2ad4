// Workers that are killed in the middle of a job (G1, G3). The tests mostly wait until locks expire, so they run at the
// same time, each with its own service.
import { copyFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, type TestContext } from 'vitest';
import { childPids } from '../../support/child-pids.ts';
import { expectEveryRowOnce, writeManyRows } from '../../support/many-rows.ts';
import { indexes, readOutput, startService, upTo, writeImages } from '../../support/service.ts';

async function ownService({ onTestFinished }: TestContext) {
  const service = await startService({ workers: 0 });
  onTestFinished(async () => service.close());
  return service;
}

it.concurrent('another worker continues when one is killed, and the lanes of the killed one end with it', async (context) => {
  const rows = 1000;
  const service = await ownService(context);
  const input = await writeManyRows(service.input, rows);
  const first = await service.startWorker();
  const { id } = await service.submit({ input, options: { block_rows: 20 } });
  await service.until(id, 'some commits', (job) => job.blocks.done >= 5);
  const lanes = childPids(first.pid!);
  first.kill('SIGKILL');
  await service.startWorker();
  expectEveryRowOnce(await service.ended(id, 90_000), rows);
  for (const pid of lanes) expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
}, 180_000);

it.concurrent('a row that kills its worker is an error after three deaths, and every other row is answered', async (context) => {
  const [rows, killer] = [60, 23];
  const service = await ownService(context);
  await writeImages(join(service.input, 'images'), 3);
  copyFileSync(join(service.input, 'images', '000000.png'), join(service.input, 'images', 'killer.png'));
  const names = upTo(rows).map((i) => (i === killer ? 'killer' : `00000${i % 3}`));
  writeFileSync(
    join(service.input, 'rows.txt'),
    names.map((name, i) => JSON.stringify({ id: `row-${i}`, uri: `images/${name}.png` })).join('\n'),
  );
  const { id } = await service.submit({
    input: { type: 'manifest', path: 'rows.txt' },
    options: { block_rows: 20 },
  });
  const hook = pathToFileURL(join(import.meta.dirname, '../../support/killer-row.mjs')).href;
  let deaths = 0;
  let over = false;
  const keepOneAlive = async () => {
    while (!over) {
      // The worker may die before it reports that it is ready.
      const worker = await service.startWorker({ NODE_OPTIONS: `--import ${hook}` }).catch(() => null);
      if (worker !== null && worker.exitCode === null && worker.signalCode === null)
        await once(worker, 'exit');
      if (!over) deaths += 1;
    }
  };
  const keeping = keepOneAlive();
  const job = await service.ended(id, 150_000);
  over = true;
  await service.stopWorkers();
  await keeping;
  expect(job.rows).toEqual({ total: rows, succeeded: rows - 1, failed: 1, adopted: 0 });
  expect(deaths).toBe(3);
  expect(indexes(readOutput(job.output))).toEqual(upTo(rows).filter((i) => i !== killer));
  expect(readOutput(job.output, 'errors')).toMatchObject([
    { index: killer, error: { code: 'worker_crashed' } },
  ]);
}, 180_000);
