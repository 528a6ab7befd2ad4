// Helpers for tests of retry and resume. They write inputs with rows that fail at first, and send the requests.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect } from 'vitest';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import { DEFAULT_TENANT } from '#forebay/shared/domain/tenant.js';
import { indexKeys } from '#forebay/shared/queue/keys.js';
import {
  indexes,
  outputText,
  readOutput,
  upTo,
  writeImages,
  type OutputRow,
  type Service,
} from './service.ts';

export interface RerunManifest {
  readonly version: number;
  readonly job: string;
  readonly parts: { name: string; rows: number; errors: { rows: number; superseded?: number } | null }[];
  readonly jobs: { job: string; first_part: number; status: string }[];
  readonly output: { succeeded: number; failed: number };
}

export function manifestOf(job: JobWire): RerunManifest {
  return JSON.parse(readFileSync(join(job.output, 'manifest.json'), 'utf8')) as RerunManifest;
}

/** Expects the output to hold every row once, with its own answer. */
export function expectWhole(folder: string, count: number): void {
  const rows = readOutput(folder).sort((a, b) => a.index - b.index);
  expect(indexes(rows)).toEqual(upTo(count));
  for (const row of rows) {
    expect(row.id).toBe(`row-${row.index}`);
    expect(row.predictions![0]!.index).toBe(row.index % 3);
  }
}

/** Expects two output folders to have the same results and errors. */
export function expectSameOutput(folder: string, other: string): void {
  for (const kind of ['part', 'errors'] as const)
    expect(outputText(folder, kind)).toBe(outputText(other, kind));
}

export type Reruns = Awaited<ReturnType<typeof openReruns>>;

export async function openReruns(service: Service) {
  await writeImages(join(service.input, 'images'), 3);
  const image = (i: number) => join(service.input, 'images', `${String(i % 3).padStart(6, '0')}.png`);
  const spool = join(service.folder, 'data', 'spool');

  async function rerun(path: string, body: unknown = {}): Promise<JobWire> {
    const response = await service.post(path, body);
    const text = await response.text();
    expect([response.status, text]).toEqual([202, expect.stringContaining('"object":"job"')]);
    expect(response.headers.get('location')).toBe(`/v1/jobs/${(JSON.parse(text) as JobWire).id}`);
    return JSON.parse(text) as JobWire;
  }

  return {
    image,
    /** The folder with the rows that came inside requests. */
    spool,
    spooled: () => readdirSync(spool).toSorted(),
    retry: async (id: string) => rerun(`/v1/jobs/${id}/retry`),
    resume: async (output: string, more: object = {}) => rerun('/v1/jobs/resume', { output, ...more }),

    /** Writes a manifest of `count` rows named `row-i`. Rows for which `isMissing` is true get a file from `repair`. */
    writeRows(name: string, count: number, isMissing: (i: number) => boolean) {
      const folder = join(service.input, name);
      mkdirSync(folder);
      const line = (i: number) => JSON.stringify({ id: `row-${i}`, uri: `${i}.png` });
      writeFileSync(join(folder, 'rows.txt'), upTo(count).map(line).join('\n'));
      const repair = (i: number) => copyFileSync(image(i), join(folder, `${i}.png`));
      for (const i of upTo(count)) if (!isMissing(i)) repair(i);
      return { input: { type: 'manifest', path: `${name}/rows.txt` }, repair };
    },

    /** Status, code and detail of a refused request. */
    async refused(path: string, body: unknown = {}): Promise<[number, string, string]> {
      const response = await service.post(path, body);
      const { code, detail } = (await response.json()) as { code: string; detail: string };
      return [response.status, code, detail];
    },

    async rowsOf(id: string, query = ''): Promise<{ rows: OutputRow[]; next: string | null }> {
      const response = await service.request(`/v1/jobs/${id}/results${query}`);
      const lines = (await response.text()).split('\n').filter((line) => line !== '');
      return {
        rows: lines.map((line) => JSON.parse(line) as OutputRow),
        next: response.headers.get('x-next-row'),
      };
    },

    /** The bytes that a job adds to the stored bytes of its tenant. */
    async storedBytes(job: string): Promise<number> {
      const redis = new Redis(service.redis.socketPath);
      const members = await redis.zrange(indexKeys.storedOf(DEFAULT_TENANT), '0', '-1');
      redis.disconnect();
      return Number(members.find((member) => member.startsWith(job))?.split('/')[1]);
    },

    async loseRedis(): Promise<void> {
      const redis = new Redis(service.redis.socketPath);
      await redis.flushall();
      redis.disconnect();
    },
  };
}
