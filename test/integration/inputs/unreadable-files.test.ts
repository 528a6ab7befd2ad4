// Files of inputs and outputs that the service may not read. The error names the path and the reason.
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openReruns, type Reruns } from '../../support/reruns.ts';
import { noOrdinaryRights, ordinaryRights } from '../../support/ordinary-rights.ts';
import { readOutput, startService, writeImages, type Service } from '../../support/service.ts';

describe.skipIf(noOrdinaryRights)(noOrdinaryRights ?? 'without the right to read', () => {
  let service: Service;
  let reruns: Reruns;
  const shut = new Set<string>();
  beforeAll(async () => {
    service = await startService({ how: ordinaryRights });
    reruns = await openReruns(service);
  });
  afterAll(async () => {
    for (const path of shut) open(path);
    await service.close();
  });

  function shutPath(path: string): void {
    shut.add(path);
    chmodSync(path, 0);
  }

  function open(path: string): void {
    chmodSync(path, 0o700);
    shut.delete(path);
  }

  const input = (path: string) => ({ model: 'tiny', input: { type: 'files', path } });
  const problemOf = async (response: Response) => {
    const { code, detail } = (await response.json()) as { code: string; detail: string };
    return { status: response.status, code, detail };
  };

  it('an input folder is refused and named at submit', async () => {
    const folder = join(service.input, 'shut');
    mkdirSync(folder);
    shutPath(folder);
    for (const route of ['/v1/jobs', '/v1/plan']) {
      const response = await service.post(route, input('shut'));
      const problem = (await response.json()) as { code: string; detail: string };
      expect([response.status, problem.code], route).toEqual([422, 'input_unreadable']);
      expect(problem.detail).toContain(folder);
    }
  });

  it('a folder below the input fails the job and is named', async () => {
    await writeImages(join(service.input, 'deep'), 2);
    await writeImages(join(service.input, 'deep', 'below'), 2);
    shutPath(join(service.input, 'deep', 'below'));
    const { id } = await service.submit(input('deep'));
    const ended = await service.ended(id);
    expect([ended.status, ended.error?.code]).toEqual(['failed', 'input_unreadable']);
    expect(ended.error?.message).toContain(join(service.input, 'deep', 'below'));
  });

  it('an input file fails only its row', async () => {
    await writeImages(join(service.input, 'few'), 3);
    shutPath(join(service.input, 'few', '000001.png'));
    const { id } = await service.submit(input('few'));
    const ended = await service.ended(id);
    expect(ended.rows).toEqual({ total: 3, succeeded: 2, failed: 1, adopted: 0 });
    const [row] = readOutput(ended.output, 'errors');
    expect(row).toMatchObject({ index: 1, error: { code: 'file_unreadable' } });
  });

  it('a file of an output gives 503 until it can be read: manifest, job.json and part', async () => {
    const { input: rows, repair } = reruns.writeRows('rows', 4, (i) => i === 2);
    const first = await service.ended((await service.submit({ input: rows })).id);
    expect(first.rows).toMatchObject({ succeeded: 3, failed: 1 });
    repair(2);
    for (const name of ['manifest.json', 'job.json']) {
      const path = join(first.output, name);
      shutPath(path);
      const problem = await problemOf(await service.post(`/v1/jobs/${first.id}/retry`, {}));
      open(path);
      expect(problem).toMatchObject({ status: 503, code: 'storage_unavailable' });
      expect(problem.detail).toContain(path);
    }
    const retry = await service.ended((await reruns.retry(first.id)).id);
    expect(retry.rows).toMatchObject({ succeeded: 1, failed: 0 });

    const part = join(retry.output, 'part-00000001.jsonl');
    shutPath(part);
    const problem = await problemOf(await service.request(`/v1/jobs/${retry.id}/results`));
    open(part);
    expect(problem).toMatchObject({ status: 503, code: 'storage_unavailable' });
    expect((await reruns.rowsOf(retry.id)).rows).toHaveLength(1);
  });
});
