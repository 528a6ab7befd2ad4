import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packOutcomes, unpackOutcomes } from '#forebay/shared/domain/outcomes.js';
import { FOLDER_OUTPUTS } from '#forebay/shared/storage/outputs.js';
import { sha256 } from '#forebay/shared/text/sha256.js';
import { createEarlierParts } from '#forebay/workers/run/earlier-parts.js';
import { amongTaken, readCandidates, withTaken } from '#forebay/workers/run/take-over.js';

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'forebay-taken-')));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ok = (result: string) => ({ ok: true, result }) as const;

it('results of unchanged parts come back as a lane has given them, and all others are left out', async () => {
  const text =
    '{"index":4,"id":"a","score":1}\n{"index":5,"id":"b","text":"}\\n{"}\n{"index":6,"id":"c"}\n{"id":"d","index":7}\n';
  writeFileSync(join(folder, 'part-00000002.jsonl'), text);
  const ids = ['new', 'a', 'b', 'c', 'd', 'e'];
  const parts = createEarlierParts(FOLDER_OUTPUTS, 1 << 20);
  const read = async (part: number, hash: string) => {
    const taken = [{ at: 1, count: 5, part, hash, index: 4 }];
    const earlier = { computed: { new: 1, changed: 0, failed: 0 }, taken };
    const candidates = await readCandidates(parts, { job: 'j', output: folder }, earlier);
    return ids.map((id, at) => candidates.resultOf(at, id));
  };
  expect(await read(2, sha256(text))).toEqual([null, '"score":1', '"text":"}\\n{"', '', null, null]);
  const none = Array.from({ length: 6 }, () => null);
  expect(await read(2, sha256('other'))).toEqual(none);
  expect(await read(3, sha256(text))).toEqual(none);
});

it('computed rows keep their places among taken ones, however lanes have batched them', () => {
  const taken = ['"t":0', null, null, '"t":3', null, null];
  const stamps = Float64Array.of(10, 11, 20, 21, 40, 41);
  const others = [
    { ...packOutcomes([ok('"c":1'), ok('"c":2'), ok('"c":4')]), stamps },
    packOutcomes([]),
    packOutcomes([{ ok: false, error: { code: 'decode_failed', message: 'bad' } }]),
  ];
  const merged = amongTaken(taken, others);
  const texts = merged.flatMap(unpackOutcomes).map((row) => (row.ok ? row.result : row.error.code));
  expect(texts).toEqual(['"t":0', '"c":1', '"c":2', '"t":3', '"c":4', 'decode_failed']);
  expect(merged.flatMap((part) => [...(part.stamps ?? [])])).toEqual([...stamps]);
  expect(amongTaken(['"t":0'], [])).toHaveLength(1);
  const all = [packOutcomes([ok('"x":0'), ok('"c":1')]), packOutcomes([ok('"x":2'), ok('"c":3')])];
  const replaced = withTaken(['"t":0', null, '"t":2', null], all).flatMap(unpackOutcomes);
  expect(replaced.map((row) => row.ok && row.result)).toEqual(['"t":0', '"c":1', '"t":2', '"c":3']);
});
