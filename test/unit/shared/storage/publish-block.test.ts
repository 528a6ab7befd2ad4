// A block is published once, whichever runs try and wherever they die (INV-1).
import {
  mkdtempSync,
  realpathSync,
  renameSync,
  symlinkSync,
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
import { JSONL_SINK } from '#forebay/shared/sinks/jsonl/jsonl-sink.js';
import { adoptBlock, RowsDiffer, type PartOfJob } from '#forebay/shared/storage/adopt-block.js';
import type { PartProof } from '#forebay/shared/storage/output.js';
import { FOLDER_OUTPUTS } from '#forebay/shared/storage/outputs.js';
import { readBlock } from '#forebay/shared/storage/read-part.js';
import { publishBlock } from '#forebay/shared/storage/publish-block.js';
import { discardStaged } from '#forebay/shared/storage/folder/staging.js';
import { sha256 } from '#forebay/shared/text/sha256.js';
import { packOutcomes } from '#forebay/shared/domain/outcomes.js';
import type { RowOutcome } from '#forebay/shared/domain/row.js';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'forebay-publish-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const rows = { firstRow: 8, rows: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] };
const ok = (score: number): RowOutcome => ({
  ok: true,
  result: `"predictions":[{"index":1,"score":${score}}]`,
});
const bad = (message: string): RowOutcome => ({ ok: false, error: { code: 'decode_failed', message } });
const JOB = `job_${'0'.repeat(26)}`;
const place = (part: number, job = JOB): PartOfJob => ({
  output: FOLDER_OUTPUTS.of(folder),
  job,
  part,
  sink: JSONL_SINK,
});
const publish = async (
  part: number,
  outcomes: RowOutcome[],
  token: string,
  permit: (hash: string) => Promise<PartProof | null> = async () => 'owned',
) => publishBlock({ ...place(part), rows, outcomes: [packOutcomes(outcomes)], token }, permit);
const readStaged = (name: string) => readFileSync(join(folder, '_staging', JOB, name));
const read = (name: string) => readFileSync(join(folder, name), 'utf8');

describe('publishing', () => {
  it('writes results and errors in row order, and describes them as a reader of the files would', async () => {
    const facts = await publish(2, [ok(1), bad('broken'), ok(3)], 't1');
    expect(facts).toMatchObject({ succeeded: 2, failed: 1, errors: { codes: { decode_failed: 1 } } });
    const found = await readBlock(FOLDER_OUTPUTS.of(folder), 2, JSONL_SINK);
    expect(await found!.facts()).toEqual(facts);
    expect(read('part-00000002.jsonl')).toBe(
      '{"index":8,"id":"a","predictions":[{"index":1,"score":1}]}\n{"index":10,"id":"c","predictions":[{"index":1,"score":3}]}\n',
    );
    expect(read('errors-00000002.jsonl')).toBe(
      '{"index":9,"id":"b","error":{"code":"decode_failed","message":"broken"}}\n',
    );
  });

  it('publishes an empty part if every row failed', async () => {
    await publish(0, [bad('x'), bad('y'), bad('z')], 't1');
    expect(read('part-00000000.jsonl')).toBe('');
    expect(await adoptBlock(place(0), rows, 'owned')).toMatchObject({ succeeded: 0, failed: 3 });
  });

  it('lets the first of two runs win, including its errors', async () => {
    await publish(2, [ok(1), bad('first'), ok(3)], 't1');
    const late = await publish(2, [ok(1), ok(2), bad('second')], 't2');
    expect(late).toMatchObject({ succeeded: 2, failed: 1 });
    expect(read('errors-00000002.jsonl')).toContain('first');
    expect(readdirSync(folder).filter((name) => name.startsWith('errors'))).toHaveLength(1);
  });

  it('leaves nothing in staging if another run was first, even if staging was removed meanwhile', async () => {
    await publish(2, [ok(1), bad('first'), ok(3)], 't1');
    rmSync(join(folder, '_staging'), { recursive: true });
    await publish(2, [ok(1), ok(2), bad('second')], 't2');
    expect(readdirSync(folder).sort()).toEqual(['errors-00000002.jsonl', 'part-00000002.jsonl']);
  });

  it('keeps part and errors of one run together when many publish at once', async () => {
    const outcomes = Array.from({ length: 20 }, (_, i) =>
      i % 2 ? [ok(i), bad(`run ${i}`), ok(i)] : [ok(i), ok(i), bad(`run ${i}`)],
    );
    await Promise.all(outcomes.map((o, i) => publish(2, o, `t${i}`)));
    expect(await adoptBlock(place(2), rows, 'owned')).toMatchObject({ succeeded: 2, failed: 1 });
    const score = /"score":(\d+)/.exec(read('part-00000002.jsonl'))![1];
    expect(read('errors-00000002.jsonl')).toContain(`run ${score}"`);
  });
});

describe('adopting', () => {
  it('finds nothing if nothing is published', async () => {
    expect(await adoptBlock(place(2), rows, 'owned')).toBeNull();
  });

  it('lists the rows of the dataset only if something is published', async () => {
    let listings = 0;
    const list = () => Promise.resolve({ ...rows, listing: ++listings });
    expect(await adoptBlock(place(2), list, 'owned')).toBeNull();
    expect(listings).toBe(0);
    await publish(2, [ok(1), ok(2), ok(3)], 't');
    expect(await adoptBlock(place(2), list, 'owned')).toMatchObject({ succeeded: 3, failed: 0 });
    expect(listings).toBe(1);
  });

  it('links the errors of a run that died after it linked its part and before it linked its errors', async () => {
    const part = '{"index":8,"id":"a","predictions":[]}\n{"index":9,"id":"b","predictions":[]}\n';
    mkdirSync(join(folder, '_staging'));
    writeFileSync(join(folder, 'part-00000002.jsonl'), part);
    const error = '{"index":10,"id":"c","error":{"code":"decode_failed","message":"x"}}\n';
    writeFileSync(join(folder, '_staging', `errors-00000002.jsonl.${sha256(part)}`), error);
    writeFileSync(join(folder, '_staging', `errors-00000002.jsonl.${'0'.repeat(64)}`), 'of another run\n');
    expect(await adoptBlock(place(2), rows, 'owned')).toMatchObject({ succeeded: 2, failed: 1 });
    expect(read('errors-00000002.jsonl')).toBe(error);
  });

  it('ignores what a dead run left in staging', async () => {
    mkdirSync(join(folder, '_staging'));
    writeFileSync(join(folder, '_staging', 'part-00000002.jsonl.dead'), 'half a li');
    expect(await adoptBlock(place(2), rows, 'owned')).toBeNull();
    await publish(2, [ok(1), ok(2), ok(3)], 't');
    expect(existsSync(join(folder, 'errors-00000002.jsonl'))).toBe(false);
  });

  it('refuses a part whose rows are not the rows of the dataset', async () => {
    await publish(2, [ok(1), ok(2), ok(3)], 't');
    const renamed = { firstRow: 8, rows: [{ id: 'a' }, { id: 'B' }, { id: 'c' }] };
    await expect(adoptBlock(place(2), renamed, 'owned')).rejects.toThrow(RowsDiffer);
    await expect(adoptBlock(place(2), { firstRow: 8, rows: rows.rows.slice(0, 2) }, 'owned')).rejects.toThrow(
      /3 rows on storage and 2/,
    );
  });
});

describe('a run whose job has lost its output', () => {
  const next = { job: `job_${'1'.repeat(26)}`, lease: 'x' };

  it('publishes nothing and leaves nothing behind if it is refused after staging', async () => {
    expect(await publish(2, [ok(1), bad('x'), ok(3)], 't1', async () => null)).toBeNull();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('publishes nothing if the next owner discards its staged part before it is linked', async () => {
    const late = publish(2, [ok(1), bad('x'), ok(3)], 't1', async () => {
      // The run was permitted just before the next owner claimed the output. Then this worker was frozen.
      await discardStaged(folder, next);
      return 'owned';
    });
    await expect(late).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('has its errors linked by the next owner if the run died right after it linked its part', async () => {
    await publish(2, [ok(1), bad('x'), ok(3)], 't1', async (hash) => {
      mkdirSync(join(folder, '_staging', 'kept'));
      const staged = `errors-00000002.jsonl.${hash}`;
      writeFileSync(join(folder, '_staging', 'kept', staged), readStaged(staged));
      return 'owned';
    });
    const [staged] = readdirSync(join(folder, '_staging', 'kept'));
    rmSync(join(folder, 'errors-00000002.jsonl'));
    mkdirSync(join(folder, '_staging', JOB), { recursive: true });
    writeFileSync(
      join(folder, '_staging', JOB, staged!),
      readFileSync(join(folder, '_staging', 'kept', staged!)),
    );
    rmSync(join(folder, '_staging', 'kept'), { recursive: true });
    await discardStaged(folder, next);
    expect(await adoptBlock(place(2, next.job), rows, 'owned')).toMatchObject({ succeeded: 2, failed: 1 });
    expect(existsSync(join(folder, '_staging'))).toBe(false);
  });

  it('does not touch files of a user in a folder called _staging', async () => {
    mkdirSync(join(folder, '_staging'));
    writeFileSync(join(folder, '_staging', 'notes.txt'), 'mine');
    await publish(0, [ok(1), ok(2), ok(3)], 't1');
    await discardStaged(folder, next);
    expect(readdirSync(join(folder, '_staging'))).toEqual(['notes.txt']);
  });

  it('writes nothing through a link that has replaced its output', async () => {
    const elsewhere = realpathSync(mkdtempSync(join(tmpdir(), 'forebay-elsewhere-')));
    rmSync(folder, { recursive: true });
    symlinkSync(elsewhere, folder);
    await expect(publish(0, [ok(1), ok(2), ok(3)], 't1')).rejects.toMatchObject({ code: 'output_changed' });
    rmSync(folder);
    symlinkSync(elsewhere, folder);
    const swapped = publish(0, [ok(1), ok(2), ok(3)], 't2');
    await expect(swapped).rejects.toMatchObject({ code: 'output_changed' });
    expect(readdirSync(elsewhere)).toEqual([]);
    rmSync(elsewhere, { recursive: true });
  });

  it('continues in the folder that it opened if a link replaces it meanwhile', async () => {
    const elsewhere = realpathSync(mkdtempSync(join(tmpdir(), 'forebay-elsewhere-')));
    const moved = `${folder}-moved`;
    await publish(0, [ok(1), ok(2), ok(3)], 't1', async () => {
      renameSync(folder, moved);
      symlinkSync(elsewhere, folder);
      return 'owned';
    });
    expect(readdirSync(elsewhere)).toEqual([]);
    expect(readdirSync(moved)).toContain('part-00000000.jsonl');
    for (const path of [elsewhere, moved]) rmSync(path, { recursive: true });
  });
});

describe('an existing part', () => {
  it('is not counted if no run of the job announced its hash', async () => {
    const text = rows.rows.map(({ id }, i) => `{"index":${8 + i},"id":"${id}","predictions":[]}\n`).join('');
    writeFileSync(join(folder, 'part-00000002.jsonl'), text);
    const mine = publish(2, [ok(1), ok(2), ok(3)], 't1', async (hash) => ({ hashes: [hash] }));
    await expect(mine).rejects.toMatchObject({ code: 'output_changed' });
    expect(read('part-00000002.jsonl')).toBe(text);
  });

  it('is counted if an earlier run announced its hash', async () => {
    let first = '';
    await publish(2, [ok(1), ok(2), bad('x')], 't1', async (hash) => ({ hashes: [(first = hash)] }));
    const second = await publish(2, [ok(9), ok(9), ok(9)], 't2', async (hash) => ({ hashes: [first, hash] }));
    expect(second).toMatchObject({ succeeded: 2, failed: 1 });
  });
});
