// Delta jobs over tables and archives: rows are compared by content, and found again by id in any order.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import { colourImage, startService, upTo, type Service } from '../support/service.ts';

let service: Service;

let images: Buffer[];

beforeAll(async () => {
  service = await startService();

  images = await Promise.all([0, 1, 2].map(colourImage));
});
afterAll(async () => service.close());

interface Row {
  readonly id?: string;
  readonly image: string;
  readonly note?: string;
}

const imageOf = (i: number) => images[i % 3]!.toString('base64');
const rowOf = (i: number): Row => ({ id: `row/${i} é☃`, image: imageOf(i) });

interface Asked {
  delta?: string;
  blockRows?: number;
  more?: Record<string, unknown>;
}

async function run(
  input: object,
  output: string,
  { delta, blockRows = 7, more }: Asked = {},
): Promise<JobWire> {
  const job = await service.submit({
    input,
    output: service.out(output),
    ...(delta !== undefined && { delta: { previous: delta } }),
    options: { block_rows: blockRows, row_versions: 'content' },
    ...more,
  });
  return service.ended(job.id);
}

const textsOf = (output: string, kind: 'part' | 'errors' = 'part') =>
  readdirSync(service.out(output))
    .filter((name) => name.startsWith(`${kind}-`))
    .toSorted()
    .map((name) => readFileSync(join(service.out(output), name), 'utf8'))
    .join('');

async function expectLikeWhole(input: object, output: string): Promise<void> {
  await run(input, `${output}-whole`);
  expect(textsOf(output)).toBe(textsOf(`${output}-whole`));
  expect(textsOf(output, 'errors')).toBe(textsOf(`${output}-whole`, 'errors'));
}

function writeJsonl(name: string, rows: readonly (Row | string)[]): { type: string; path: string } {
  const lines = rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row)));
  writeFileSync(join(service.input, name), lines.join('\n'));
  return { type: 'jsonl', path: name };
}

const vanishedOf = ({ output }: JobWire) =>
  readFileSync(join(output, 'vanished.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { index: number; id: string });

describe('a delta job over a table', () => {
  it.concurrent('finds rows by id in any order, and computes what is new, changed or failed before', async () => {
    const rows = upTo(40).map(rowOf);
    const first = await run(
      writeJsonl('monday.jsonl', [...rows.slice(0, 39), { ...rows[39]!, image: 'none' }]),
      'monday',
    );
    expect(first).toMatchObject({ rows: { succeeded: 39, failed: 1 } });
    const now = [...rows.slice(0, 20), rowOf(100), ...rows.slice(21).toReversed(), rowOf(101)];
    now[5] = { ...now[5]!, image: imageOf(0) };
    const input = writeJsonl('tuesday.jsonl', now);
    const second = await run(input, 'tuesday', { delta: first.id, blockRows: 4 });
    expect(second).toMatchObject({
      status: 'completed',
      rows: { total: 41, succeeded: 41 },
      delta: { taken_over: 37, computed: { new: 2, changed: 1, failed_before: 1 }, vanished: 1 },
    });
    expect(vanishedOf(second)).toEqual([{ index: 20, id: rows[20]!.id }]);
    await expectLikeWhole(input, 'tuesday');
  });
});
