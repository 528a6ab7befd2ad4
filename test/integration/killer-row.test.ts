// A row that takes its whole worker along (G3): quarantined after three deaths, every other row answered.
import { copyFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { indexes, readOutput, startService, upTo, writeImages, type Service } from '../support/service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService({ workers: 0 });
});
afterAll(async () => service.close());

const ROWS = 60;
const KILLER = 23;

it('costs three workers and one row', async () => {
  await writeImages(join(service.input, 'images'), 3);
  copyFileSync(join(service.input, 'images', '000000.png'), join(service.input, 'images', 'killer.png'));
  const names = upTo(ROWS).map((i) => (i === KILLER ? 'killer' : `00000${i % 3}`));
  writeFileSync(
    join(service.input, 'rows.txt'),
    names.map((name, i) => JSON.stringify({ id: `row-${i}`, uri: `images/${name}.png` })).join('\n'),
  );
  const { id } = await service.submit({
    input: { type: 'manifest', path: 'rows.txt' },
    options: { block_rows: 20 },
  });
  const killer = pathToFileURL(join(import.meta.dirname, '../support/killer-row.mjs')).href;
  let deaths = 0;
  let over = false;
  const keepOneAlive = async () => {
    while (!over) {
      // It may die before it has said that it is ready.
      const worker = await service.startWorker({ NODE_OPTIONS: `--import ${killer}` }).catch(() => null);
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
  expect(job.rows).toEqual({ total: ROWS, succeeded: ROWS - 1, failed: 1, adopted: 0 });
  expect(deaths).toBe(3);
  expect(indexes(readOutput(job.output))).toEqual(upTo(ROWS).filter((i) => i !== KILLER));
  expect(readOutput(job.output, 'errors')).toMatchObject([
    { index: KILLER, error: { code: 'worker_crashed' } },
  ]);
}, 180_000);
