// Writes an input of many rows from few files. Checks that each row was answered once.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import { indexes, readOutput, upTo, writeImages } from './service.ts';

const FILES = 30;

/** Writes a manifest that repeats a few images, as rows `row-0`, `row-1` and so on. Returns the input for a job. */
export async function writeManyRows(folder: string, rows: number) {
  await writeImages(join(folder, 'images'), FILES);
  const lines = upTo(rows).map((i) =>
    JSON.stringify({ id: `row-${i}`, uri: `images/${String(i % FILES).padStart(6, '0')}.png` }),
  );
  writeFileSync(join(folder, 'rows.txt'), lines.join('\n'));
  return { type: 'manifest', path: 'rows.txt' };
}

/** Expects a completed job whose output holds this many rows: each row once, in order, with its own answer. */
export function expectEveryRowOnce(job: Pick<JobWire, 'status' | 'rows' | 'output'>, rows: number): void {
  expect(job).toMatchObject({ status: 'completed', rows: { total: rows, succeeded: rows, failed: 0 } });
  const answers = readOutput(job.output);
  expect(indexes(answers)).toEqual(upTo(rows));
  for (const answer of answers) {
    expect(answer.id).toBe(`row-${answer.index}`);
    expect(answer.predictions![0]!.index).toBe(answer.index % 3);
  }
}
