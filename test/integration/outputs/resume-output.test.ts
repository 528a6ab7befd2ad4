// Outputs that are finished from their folder alone (ADR 7), on the real service.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '#forebay/cli/program.js';
import { createClient } from '#forebay/client/client.js';
import { recordingTerminal } from '../../support/recording-terminal.ts';
import { expectWhole, openReruns, type Reruns } from '../../support/reruns.ts';
import { indexes, readOutput, startService, upTo, type Service } from '../../support/service.ts';

let service: Service;
let reruns: Reruns;
beforeAll(async () => {
  service = await startService();
  reruns = await openReruns(service);
});
afterAll(async () => service.close());

describe('a resume by output', () => {
  it('finishes an output after Redis has lost everything', async () => {
    const { input } = reruns.writeRows('lost', 1500, () => false);
    const output = service.out('lost');
    const { id } = await service.submit({ input, output, options: { block_rows: 5 }, metadata: { a: 'b' } });
    await service.until(id, 'some commits', (job) => job.blocks.done >= 5);
    await reruns.loseRedis();
    const next = await reruns.resume(output);
    expect(next.id).not.toBe(id);
    const job = await service.ended(next.id);
    expect(job).toMatchObject({
      status: 'completed',
      rows: { total: 1500, succeeded: 1500, failed: 0 },
      metadata: { a: 'b' },
      retry_of: null,
    });
    expectWhole(output, 1500);
  });

  it('uses rows that came with the request while they are kept', async () => {
    const data = readFileSync(reruns.image(1)).toString('base64');
    const rows = upTo(9).map((i) => ({ id: `row-${i}`, data }));
    const output = service.out('spooled');
    const input = { type: 'inline', rows };
    const { id } = await service.submit({ input, output, options: { block_rows: 2, concurrency: 1 } });
    await service.post(`/v1/jobs/${id}/pause`, {});
    await reruns.loseRedis();
    const job = await service.ended((await reruns.resume(output)).id);
    expect(job).toMatchObject({ status: 'completed', rows: { total: 9, succeeded: 9, failed: 0 } });
    expect(indexes(readOutput(output))).toEqual(upTo(9));
    expect(reruns.spooled().filter((name) => name.startsWith(job.id) || name.startsWith(id))).toEqual([]);
  });

  it('is also a command of the CLI, and so is a retry', async () => {
    const { input, repair } = reruns.writeRows('commands', 6, (i) => i === 2);
    const first = await service.ended((await service.submit({ input })).id);
    repair(2);
    const forebay = async (...argv: string[]) => {
      const terminal = recordingTerminal({ live: false });
      const context = { terminal, env: {}, cwd: service.folder, argv, program: 'forebay', connect };
      const code = await runProgram(context, '1');
      return { code, out: terminal.outText() };
    };
    const connect = (url: string) => createClient({ url });
    const retried = await forebay('retry', first.id, '--watch', '--json', '--url', service.url);
    expect(retried.code).toBe(0);
    expect(JSON.parse(retried.out)).toMatchObject({ job: { retry_of: first.id, rows: { succeeded: 1 } } });
    const { out } = await forebay(
      'resume',
      '--output',
      first.output,
      '--watch',
      '--json',
      '--url',
      service.url,
    );
    expect(JSON.parse(out)).toMatchObject({ job: { status: 'completed', retry_of: first.id } });
    expectWhole(first.output, 6);
  });

  it('is refused with the reason if the output cannot be resumed', async () => {
    expect((await reruns.refused('/v1/jobs/resume', { output: service.out('nothing') })).slice(0, 2)).toEqual(
      [404, 'not_found'],
    );
    expect((await reruns.refused('/v1/jobs/resume', { output: '/etc' })).slice(0, 2)).toEqual([
      403,
      'path_not_allowed',
    ]);
    const output = service.out('inline');
    const data = readFileSync(reruns.image(1)).toString('base64');
    const inline = { type: 'inline', rows: [{ id: 'a', data }] };
    await service.ended((await service.submit({ input: inline, output })).id);
    expect(await reruns.refused('/v1/jobs/resume', { output })).toEqual([
      422,
      'input_not_found',
      expect.stringContaining('no longer kept'),
    ]);
    // A forged job.json gives access only to what a request could name.
    const path = join(output, 'job.json');
    const folder = service.out('folder');
    mkdirSync(join(folder, 'job.json'), { recursive: true });
    expect(await reruns.refused('/v1/jobs/resume', { output: folder })).toEqual([
      409,
      'resume_mismatch',
      expect.stringContaining('is a folder'),
    ]);
    const spec = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    for (const dataset of [
      { type: 'files', root: '/etc' },
      { type: 'manifest', path: '/etc/passwd', base: service.input },
      { type: 'failed', folder: output, first: 0, end: 1, of: { type: 'files', root: '/etc' } },
    ]) {
      writeFileSync(path, JSON.stringify({ ...spec, dataset }));
      expect((await reruns.refused('/v1/jobs/resume', { output })).slice(0, 2)).toEqual([
        403,
        'path_not_allowed',
      ]);
    }
  });
});
