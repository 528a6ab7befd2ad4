// How compaction records the rows of its files, and how delta jobs read these records.
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobSpec } from '#forebay/shared/domain/job/job.js';
import { packOutcomes } from '#forebay/shared/domain/outcomes.js';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import { JSONL_SINK } from '#forebay/shared/sinks/jsonl/jsonl-sink.js';
import { BY_INDEX, openEarlierRows, type EarlierRecord } from '#forebay/shared/storage/earlier-rows.js';
import { rowsBetween } from '#forebay/shared/storage/file-rows/rows-between.js';
import { fileRowsName } from '#forebay/shared/storage/file-names.js';
import type { Output } from '#forebay/shared/storage/output.js';
import { FOLDER_OUTPUTS } from '#forebay/shared/storage/outputs.js';
import { publishBlock } from '#forebay/shared/storage/publish-block.js';
import { writeFiles } from '#forebay/workers/compaction/write-files.js';
import { createEarlierParts } from '#forebay/workers/run/earlier-parts.js';
import { upTo } from '../../../support/service.ts';

const BLOCK_ROWS = 5;
const BLOCKS = 8;
const ROWS = BLOCK_ROWS * BLOCKS;
/** Two tasks with more than one piece each. */
const TASKS = 2;
const PAD = 'x'.repeat(100_000);
const isBad = (i: number) => i % 7 === 3;
const good = upTo(ROWS).filter((i) => !isBad(i));

let root: string;
beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'forebay-file-rows-')));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function outcomeOf(i: number): RowOutcome {
  return isBad(i)
    ? { ok: false, error: { code: 'decode_failed', message: 'bad' } }
    : { ok: true, result: `"label":"${'abc'[i % 3]}","pad":"${PAD}"` };
}

const LABEL = { name: 'label', type: 'string', source: { of: 'field', field: 'label' } } as const;

async function compacted(name: string, isPartitioned: boolean): Promise<Output> {
  const output = FOLDER_OUTPUTS.of(join(root, name));
  await output.prepare();
  for (const part of upTo(BLOCKS)) {
    const indexes = upTo(BLOCK_ROWS).map((at) => part * BLOCK_ROWS + at);
    await publishBlock(
      {
        output,
        job: 'j',
        part,
        sink: JSONL_SINK,
        rows: { firstRow: part * BLOCK_ROWS, rows: indexes.map((i) => ({ id: `é/${i}`, at: `v${i}` })) },
        outcomes: [packOutcomes(indexes.map(outcomeOf))],
        token: 't',
        records: 'stamp',
      },
      async () => 'owned',
    );
  }
  const spec = {
    id: 'j',
    dataset: { type: 'files' },
    options: { row_versions: 'content' },
    compact: { size: { files: TASKS }, ...(isPartitioned && { partition_by: LABEL }) },
  } as unknown as JobSpec;
  for (const file of upTo(TASKS)) {
    const [first, end] = [file * (BLOCKS / TASKS), (file + 1) * (BLOCKS / TASKS)];
    const run = { spec, task: { file, first, end }, output, token: 't', spillFolder: join(root, 'spill') };
    await writeFiles({ ...run, permit: async () => true, signal: new AbortController().signal });
  }
  for (const entry of readdirSync(output.place))
    if (/^(part|_rows)-/.test(entry)) rmSync(output.pathOf(entry));
  const job = { job: 'j', status: 'completed', rows: { total: ROWS, succeeded: 1, failed: 0 } };
  const times = { created_at: null, finished_at: null };
  const members = JSON.stringify({ ...job, ...times, compact: { files: 2 } }).slice(1, -1);
  writeFileSync(output.pathOf('manifest.json'), `{\n"parts":[\n],\n${members}\n}\n`);
  return output;
}

async function rowsOf(output: Output, from: number[] | null = null): Promise<EarlierRecord[]> {
  // A few rows in memory, so that sorting uses the disk.
  const sort = { dir: join(root, 'sort'), maxInMemory: 8 };
  const earlier = await openEarlierRows(output, { job: 'j' }, BY_INDEX, from, sort);
  const rows: EarlierRecord[] = [];
  for (let row = await earlier.next(); row !== null; row = await earlier.next()) rows.push(row);
  await earlier.close();
  return rows;
}

/** The rows whose results can be taken over. */
async function takenFrom(output: Output, rows: readonly EarlierRecord[]): Promise<number[]> {
  const parts = createEarlierParts(FOLDER_OUTPUTS, Infinity);
  const taken: number[] = [];
  for (const { index, part, hash, version } of rows) {
    if (version === null) continue;
    const found = await parts.get({ output: output.place, by: 'content' }, part, hash);
    const stored = found.rows.get(index);
    if (stored === undefined) continue;
    expect(JSON.parse(stored.text)).toMatchObject({ index, id: `é/${index}`, label: 'abc'[index % 3] });
    expect(found.versions.get(index)).toBe(`v${index}`);
    taken.push(index);
  }
  return taken;
}

describe.each([
  ['whole', false],
  ['partitioned', true],
])('the rows of compacted files: %s', (name, isPartitioned) => {
  it('come in order with their versions, and lead to their results, unless somebody has changed these', async () => {
    const output = await compacted(name, isPartitioned);
    const rows = await rowsOf(output);
    expect(rows.map(({ index, id, version, failed }) => [index, id, version, failed])).toEqual(
      upTo(ROWS).map((i) => [i, `é/${i}`, isBad(i) ? null : `v${i}`, isBad(i)]),
    );
    expect(await takenFrom(output, rows)).toEqual(good);
    expect(new Set(rows.map(({ hash }) => hash)).size).toBeGreaterThan(TASKS + 1);
    expect(await rowsOf(output, [1])).toEqual(rows.slice(ROWS / TASKS));
    const some = (await rowsBetween(output, 'j', 0, 6, 12))!.toSorted((a, b) => a.index - b.index);
    expect(some.map(({ index, version }) => [index, version])).toEqual(
      [6, 7, 8, 9, 10, 11].map((i) => [i, isBad(i) ? null : `v${i}`]),
    );
    expect(await rowsBetween(output, 'k', 0, 6, 12)).toBeNull();

    const file = isPartitioned ? 'data/label=a/compact-00000000.jsonl' : 'data/compact-00000000.jsonl';
    const bytes = readFileSync(output.pathOf(file));
    bytes[bytes.length - 10]! ^= 1;
    writeFileSync(output.pathOf(file), bytes);
    const left = await takenFrom(output, rows);
    const lost = good.filter((i) => !left.includes(i));
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.every((i) => i < ROWS / TASKS && (!isPartitioned || i % 3 === 0))).toBe(true);
    expect(left.includes(1)).toBe(true);

    // A record that ends early has the rows before its end. Those of another job, or of files elsewhere, are not read.
    const record = output.pathOf(fileRowsName(0));
    const text = readFileSync(record, 'utf8');
    writeFileSync(record, text.slice(0, text.lastIndexOf('\n', text.length - 2) - 3));
    expect((await rowsOf(output)).length).toBe(ROWS - 2);
    for (const [from, to] of [
      ['"job":"j"', '"job":"k"'],
      ['"data/', '"../data/'],
    ] as const) {
      writeFileSync(record, text.replace(from, to));
      const known = (await rowsOf(output)).filter(({ failed }) => !failed);
      expect(known.map(({ index }) => index)).toEqual(good.filter((i) => i >= ROWS / TASKS));
    }
  });
});
