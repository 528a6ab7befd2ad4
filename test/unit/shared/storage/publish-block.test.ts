// Publishing a block once, whoever tries and wherever they die (INV-1).
import {
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
  mkdirSync,
  existsSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { adoptBlock, publishBlock, RowsDiffer } from '#forebay/shared/storage/publish-block.js';
import { sha256 } from '#forebay/shared/storage/read-part.js';
import type { RowOutcome } from '#forebay/shared/domain/row.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'forebay-publish-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const rows = { firstRow: 8, rows: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] };
const ok = (score: number): RowOutcome => ({
  ok: true,
  result: `"predictions":[{"index":1,"score":${score}}]`,
});
const bad = (message: string): RowOutcome => ({ ok: false, error: { code: 'decode_failed', message } });
const read = (name: string) => readFileSync(join(folder, name), 'utf8');

describe('publishing', () => {
  it('writes results and errors in row order', async () => {
    expect(await publishBlock(folder, 2, rows, [ok(1), bad('broken'), ok(3)], 't1')).toEqual({
      succeeded: 2,
      failed: 1,
    });
    expect(read('part-00000002.jsonl')).toBe(
      '{"index":8,"id":"a","predictions":[{"index":1,"score":1}]}\n{"index":10,"id":"c","predictions":[{"index":1,"score":3}]}\n',
    );
    expect(read('errors-00000002.jsonl')).toBe(
      '{"index":9,"id":"b","error":{"code":"decode_failed","message":"broken"}}\n',
    );
  });

  it('publishes an empty part where every row failed', async () => {
    await publishBlock(folder, 0, rows, [bad('x'), bad('y'), bad('z')], 't1');
    expect(read('part-00000000.jsonl')).toBe('');
    expect(await adoptBlock(folder, 0, rows)).toEqual({ succeeded: 0, failed: 3 });
  });

  it('lets the first of two runs win, errors and all', async () => {
    await publishBlock(folder, 2, rows, [ok(1), bad('first'), ok(3)], 't1');
    const late = await publishBlock(folder, 2, rows, [ok(1), ok(2), bad('second')], 't2');
    expect(late).toEqual({ succeeded: 2, failed: 1 });
    expect(read('errors-00000002.jsonl')).toContain('first');
    expect(readdirSync(folder).filter((name) => name.startsWith('errors'))).toHaveLength(1);
  });

  it('leaves nothing in staging when it comes late, even after the folder was cleared', async () => {
    await publishBlock(folder, 2, rows, [ok(1), bad('first'), ok(3)], 't1');
    rmSync(join(folder, '_staging'), { recursive: true });
    await publishBlock(folder, 2, rows, [ok(1), ok(2), bad('second')], 't2');
    expect(readdirSync(folder).sort()).toEqual(['errors-00000002.jsonl', 'part-00000002.jsonl']);
  });

  it('keeps part and errors of one run together when many publish at once', async () => {
    const outcomes = Array.from({ length: 20 }, (_, i) =>
      i % 2 ? [ok(i), bad(`run ${i}`), ok(i)] : [ok(i), ok(i), bad(`run ${i}`)],
    );
    await Promise.all(outcomes.map((o, i) => publishBlock(folder, 2, rows, o, `t${i}`)));
    expect(await adoptBlock(folder, 2, rows)).toEqual({ succeeded: 2, failed: 1 });
    const score = /"score":(\d+)/.exec(read('part-00000002.jsonl'))![1];
    expect(read('errors-00000002.jsonl')).toContain(`run ${score}"`);
  });
});

describe('adopting', () => {
  it('finds nothing where nothing is published', async () => {
    expect(await adoptBlock(folder, 2, rows)).toBeNull();
  });

  it('puts the errors of a run in place that died between its part and its errors', async () => {
    const part = '{"index":8,"id":"a","predictions":[]}\n{"index":9,"id":"b","predictions":[]}\n';
    mkdirSync(join(folder, '_staging'));
    writeFileSync(join(folder, 'part-00000002.jsonl'), part);
    const error = '{"index":10,"id":"c","error":{"code":"decode_failed","message":"x"}}\n';
    writeFileSync(join(folder, '_staging', `errors-00000002.jsonl.${sha256(part)}`), error);
    writeFileSync(join(folder, '_staging', `errors-00000002.jsonl.${'0'.repeat(64)}`), 'of another run\n');
    expect(await adoptBlock(folder, 2, rows)).toEqual({ succeeded: 2, failed: 1 });
    expect(read('errors-00000002.jsonl')).toBe(error);
  });

  it('ignores what a dead run left in staging', async () => {
    mkdirSync(join(folder, '_staging'));
    writeFileSync(join(folder, '_staging', 'part-00000002.jsonl.dead'), 'half a li');
    expect(await adoptBlock(folder, 2, rows)).toBeNull();
    await publishBlock(folder, 2, rows, [ok(1), ok(2), ok(3)], 't');
    expect(existsSync(join(folder, 'errors-00000002.jsonl'))).toBe(false);
  });

  it('refuses rows that are not those of the dataset', async () => {
    await publishBlock(folder, 2, rows, [ok(1), ok(2), ok(3)], 't');
    const renamed = { firstRow: 8, rows: [{ id: 'a' }, { id: 'B' }, { id: 'c' }] };
    await expect(adoptBlock(folder, 2, renamed)).rejects.toThrow(RowsDiffer);
    await expect(adoptBlock(folder, 2, { firstRow: 8, rows: rows.rows.slice(0, 2) })).rejects.toThrow(
      /3 rows on storage and 2/,
    );
  });
});
