import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packOutcomes, type Outcomes } from '#forebay/shared/domain/outcomes.js';
import type { RowOutcome, RowRef } from '#forebay/shared/domain/row.js';
import { invalidAt } from '#forebay/shared/datasets/row-reference.js';
import { JSONL_SINK } from '#forebay/shared/sinks/jsonl/jsonl-sink.js';
import { openEarlierRows } from '#forebay/shared/storage/earlier-rows.js';
import { recordName } from '#forebay/shared/storage/output-names.js';
import type { Output } from '#forebay/shared/storage/output.js';
import { FOLDER_OUTPUTS } from '#forebay/shared/storage/outputs.js';
import { publishBlock } from '#forebay/shared/storage/publish-block.js';
import { readBlock } from '#forebay/shared/storage/read-part.js';
import { encodeRowRecord, parseRowRecord } from '#forebay/shared/storage/row-record.js';

let root: string;
beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'forebay-earlier-')));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const OK: RowOutcome = { ok: true, result: '"score":1' };
const BAD: RowOutcome = { ok: false, error: { code: 'decode_failed', message: 'bad' } };

/** Publishes a part per list. `!` marks a row that fails. Each version is that of the row's `at`. */
async function outputOf(name: string, jobs: readonly (readonly string[])[][]): Promise<Output> {
  const output = FOLDER_OUTPUTS.of(join(root, name));
  await output.prepare();
  const parts: string[] = [];
  const members = [];
  let part = 0;
  for (const [i, blocks] of jobs.entries()) {
    members.push({
      job: `j${i}`,
      retry_of: i === 0 ? null : 'j0',
      status: 'completed',
      rows: { total: 1, succeeded: 1, failed: 0 },
      first_part: part,
      created_at: null,
      finished_at: null,
    });
    for (const ids of blocks) {
      const rows = ids.map((id, at): RowRef => ({
        id: id.replace('!', ''),
        at: 'v1',
        index: 10 * part + at,
      }));
      const outcomes = [packOutcomes(ids.map((id) => (id.endsWith('!') ? BAD : OK)))];
      await publishBlock(
        {
          output,
          job: 'j',
          part,
          sink: JSONL_SINK,
          rows: { firstRow: 0, rows },
          outcomes,
          token: 't',
          records: 'stamp',
        },
        async () => 'owned',
      );
      const found = (await readBlock(output, part, JSONL_SINK))!;
      const errors = found.errorsHash && { name: 'e', rows: 1, sha256: found.errorsHash };
      const entry = { name: `part-0000000${part}.jsonl`, rows: 1, bytes: 1, sha256: found.partHash, errors };
      parts.push(JSON.stringify(entry));
      part += 1;
    }
  }
  writeFileSync(
    output.pathOf('manifest.json'),
    `{\n"version":2,\n"parts":[\n${parts.join(',\n')}\n],\n"jobs":${JSON.stringify(members)}\n}\n`,
  );
  return output;
}

async function rowsOf(output: Output, job: string, from: number[] | null = null): Promise<string[]> {
  const earlier = await openEarlierRows(output, { job }, ({ id }) => id, from);
  const rows: string[] = [];
  for (let row = await earlier.next(); row !== null; row = await earlier.next())
    rows.push(`${row.id} ${row.part}:${row.index} ${row.failed ? 'failed' : row.version}`);
  await earlier.close();
  return rows;
}

describe('the rows of an ended output', () => {
  it('come in order, each once, with what the latest retry made of it', async () => {
    const output = await outputOf('retried', [
      [['a', 'b!'], ['c!', 'd'], ['e!']],
      [['b', 'c!', 'e']],
      [['c']],
    ]);
    const all = ['a 0:0 v1', 'b 3:30 v1', 'c 4:40 v1', 'd 1:11 v1', 'e 3:32 v1'];
    expect(await rowsOf(output, 'j2')).toEqual(all);
    expect(await rowsOf(output, 'j2', [1, 3, 4])).toEqual(expect.arrayContaining(all.slice(2)));
    await expect(rowsOf(output, 'j1')).rejects.toMatchObject({ code: 'output_changed' });
  });

  it('lose none if the reader continues at its position, wherever a part ends', async () => {
    const output = await outputOf('continued', [[['a', 'b!'], ['c', 'd'], ['e']], [['b']]]);
    const earlier = await openEarlierRows(output, { job: 'j1' }, ({ id }) => id);
    for (let row = await earlier.next(); row !== null; row = await earlier.next()) {
      const again = await rowsOf(output, 'j1', earlier.position());
      expect(again).toContain(`${row.id} ${row.part}:${row.index} v1`);
    }
    await earlier.close();
  });

  it('have no version if an older Forebay has written the part', async () => {
    const output = await outputOf('older', [
      [
        ['a', 'b!'],
        ['c', 'd'],
      ],
    ]);
    const { partHash } = (await readBlock(output, 0, JSONL_SINK))!;
    rmSync(output.pathOf(recordName(0, partHash)));
    expect(await rowsOf(output, 'j0')).toEqual(['a 0:0 null', 'b 0:1 failed', 'c 1:10 v1', 'd 1:11 v1']);
  });
});

describe('a row record', () => {
  const rows = {
    firstRow: 5,
    rows: [{ id: 'a' }, { id: 'b\n"', at: 'etag' }, { id: 'c' }, { id: '?', at: invalidAt('x') }],
  };
  const outcomes: Outcomes = {
    ...packOutcomes([OK, OK, BAD, BAD]),
    stamps: Float64Array.of(12, 1700000000000.25, Number.NaN, Number.NaN, 1, 1, 1, 1),
  };

  it('has the version of the file that a lane has opened, else that of the listing', () => {
    expect(parseRowRecord(Buffer.from(encodeRowRecord(rows, [outcomes], 'stamp')))).toEqual([
      { index: 5, id: 'a', version: '12-1700000000000.25', failed: false },
      { index: 6, id: 'b\n"', version: 'etag', failed: false },
      { index: 7, id: 'c', version: null, failed: true },
    ]);
  });

  it('counts as missing if it was cut short', () => {
    const text = encodeRowRecord(rows, [outcomes], 'stamp');
    for (const end of [0, 5, text.indexOf('\n') + 1, text.length - 1])
      expect(parseRowRecord(Buffer.from(text.slice(0, end)))).toBeNull();
  });
});
