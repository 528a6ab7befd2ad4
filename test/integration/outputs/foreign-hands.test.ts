// Another program changes an output while its job runs. It puts a file in place of a part, or a link in place of the
// folder.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startService, upTo, writeImages, type Service } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

let service: Service;
beforeAll(async () => {
  service = await startService({ workers: 0 });
  await writeImages(join(service.input, 'rows'), 40);
});
afterAll(() => service.close());

const rows = { input: { type: 'files', path: 'rows' }, options: { block_rows: 4 } };

it('a foreign file in place of a part fails the job with the reason, and is not counted', async () => {
  const output = service.out('foreign');
  const { id } = await service.submit({ ...rows, output });
  // The ids are right, and only the answers are wrong.
  const line = (i: number) =>
    JSON.stringify({ index: i, id: `${String(i).padStart(6, '0')}.png`, predictions: [] });
  const text = upTo(4).map((i) => `${line(i + 8)}\n`);
  writeFileSync(join(output, 'part-00000002.jsonl'), text.join(''));
  const worker = await service.startWorker();
  const ended = await service.ended(id, 20_000);
  expect(ended).toMatchObject({ status: 'failed', error: { code: 'output_changed' } });
  expect(ended.error!.message).toContain('part-00000002.jsonl');
  expect(ended.rows.succeeded).toBeLessThan(40);
  worker.kill('SIGTERM');
});

it('a link in place of the output folder is not followed, and the job reports it', async () => {
  const output = service.out('swapped');
  const elsewhere = join(service.folder, 'elsewhere');
  mkdirSync(elsewhere);
  const { id } = await service.submit({ ...rows, output });
  renameSync(output, `${output}-moved`);
  symlinkSync(elsewhere, output);
  const worker = await service.startWorker();
  await waitUntil('the job to end', async () =>
    ['failed', 'completed'].includes((await service.job(id)).status),
  );
  expect(await service.job(id)).toMatchObject({ status: 'failed', error: { code: 'output_changed' } });
  expect(readdirSync(elsewhere)).toEqual([]);
  expect(existsSync(join(`${output}-moved`, 'job.json'))).toBe(true);
  worker.kill('SIGTERM');
});

it('results are not read through a link in place of a part, and failed rows are not read from a forged file', async () => {
  const output = service.out('read-back');
  writeFileSync(join(service.input, 'rows', '000003.png'), 'broken');
  const worker = await service.startWorker();
  const { id } = await service.submit({ ...rows, output });
  await service.ended(id);
  const secret = join(service.folder, 'secret');
  writeFileSync(secret, '{"index":0,"id":"of another"}\n');
  rmSync(join(output, 'part-00000001.jsonl'));
  symlinkSync(secret, join(output, 'part-00000001.jsonl'));
  const read = await service.request(`/v1/jobs/${id}/results`).then(
    async (response) => response.text(),
    () => '',
  );
  expect(read).not.toContain('of another');
  writeFileSync(join(output, 'errors-00000000.jsonl'), 'not JSON\n');
  const retry = (await (await service.post(`/v1/jobs/${id}/retry`, {})).json()) as { id: string };
  const ended = await service.ended(retry.id, 20_000);
  expect(ended).toMatchObject({ status: 'failed', error: { code: 'input_unreadable' } });
  worker.kill('SIGTERM');
});
