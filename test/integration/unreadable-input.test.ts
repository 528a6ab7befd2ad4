// Input that the service may not read. The error names the path and the reason.
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noOrdinaryRights, ordinaryRights } from '../support/ordinary-rights.ts';
import { readOutput, startService, writeImages, type Service } from '../support/service.ts';

describe.skipIf(noOrdinaryRights)(noOrdinaryRights ?? 'a path that may not be read', () => {
  let service: Service;
  const shut: string[] = [];
  beforeAll(async () => {
    service = await startService({ how: ordinaryRights });
  });
  afterAll(async () => {
    for (const path of shut) chmodSync(path, 0o700);
    await service.close();
  });

  function shutPath(path: string): void {
    shut.push(path);
    chmodSync(path, 0);
  }

  const input = (path: string) => ({ model: 'tiny', input: { type: 'files', path } });

  it('is refused and named at submit if it is the input folder', async () => {
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

  it('fails the job and is named if it is a folder below the input', async () => {
    await writeImages(join(service.input, 'deep'), 2);
    await writeImages(join(service.input, 'deep', 'below'), 2);
    shutPath(join(service.input, 'deep', 'below'));
    const { id } = await service.submit(input('deep'));
    const ended = await service.ended(id);
    expect([ended.status, ended.error?.code]).toEqual(['failed', 'input_unreadable']);
    expect(ended.error?.message).toContain(join(service.input, 'deep', 'below'));
  });

  it('fails only its row if it is a file', async () => {
    await writeImages(join(service.input, 'few'), 3);
    shutPath(join(service.input, 'few', '000001.png'));
    const { id } = await service.submit(input('few'));
    const ended = await service.ended(id);
    expect(ended.rows).toEqual({ total: 3, succeeded: 2, failed: 1, adopted: 0 });
    const [row] = readOutput(ended.output, 'errors');
    expect(row).toMatchObject({ index: 1, error: { code: 'file_unreadable' } });
  });
});
