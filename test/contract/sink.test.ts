// Every sink writes the rows of a block as a part and reads them again, and every part is published the same way.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ResultColumn, ValueType } from '#forebay/shared/domain/job/part-format.js';
import { packOutcomes, sliceOutcomes, type Outcomes } from '#forebay/shared/domain/outcomes.js';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import { createCsvSink } from '#forebay/shared/sinks/csv/csv-sink.js';
import { JSONL_SINK } from '#forebay/shared/sinks/jsonl/jsonl-sink.js';
import { createParquetSink } from '#forebay/shared/sinks/parquet/parquet-sink.js';
import { MalformedPart, type Sink } from '#forebay/shared/sinks/sink.js';
import { adoptBlock, RowsDiffer } from '#forebay/shared/storage/adopt-block.js';
import { partName } from '#forebay/shared/storage/output-names.js';
import { publishBlock } from '#forebay/shared/storage/publish-block.js';
import { readBlock } from '#forebay/shared/storage/read-part.js';
import { sha256 } from '#forebay/shared/text/sha256.js';
import { FOLDER_OUTPUTS } from '#forebay/shared/storage/outputs.js';
import { discardStaged } from '#forebay/shared/storage/folder/staging.js';

function column(field: string, type: ValueType, optional = true): ResultColumn {
  return { name: field, type, optional, source: { of: 'field', field } };
}

/** One column of each type, with names as results have them. */
const COLUMNS: readonly ResultColumn[] = [
  {
    name: 'label',
    type: 'string',
    optional: true,
    source: { of: 'best', field: 'predictions', key: 'label' },
  },
  {
    name: 'score',
    type: 'double',
    optional: true,
    source: { of: 'best', field: 'predictions', key: 'score' },
  },
  column('predictions', {
    list: {
      struct: [
        { name: 'index', type: 'int64', optional: false },
        { name: 'label', type: 'string', optional: true },
        { name: 'score', type: 'double', optional: false },
      ],
    },
  }),
  column('embedding', { list: 'float' }),
  column('value', 'double', false),
  column('count', 'int64'),
  column('isGood', 'boolean'),
  column('name', 'string'),
  column('any', 'json'),
  { name: 'outputs.a', type: 'json', optional: false, source: { of: 'key', field: 'outputs', key: 'a' } },
  {
    name: 'outputs.m',
    type: { list: { list: 'float' } },
    optional: false,
    source: { of: 'key', field: 'outputs', key: 'm' },
  },
];

const SINKS: readonly Sink[] = [
  JSONL_SINK,
  createCsvSink({ format: 'csv', columns: [...COLUMNS] }),
  createParquetSink({ format: 'parquet', columns: [...COLUMNS] }),
];

/** Results as lanes write them. All columns that are not optional have a value. */
const REST = '"value":1,"outputs":{"a":1,"m":[[1]]}';
const RESULTS: readonly string[] = [
  `"predictions":[{"index":3,"label":"tabby, \\"grey\\"\\ncat","score":0.5},{"index":4,"score":1e-7}],${REST}`,
  `"predictions":[],"embedding":[],${REST}`,
  `"embedding":[0.1,-0.25,16777216,1e-20,0.12345679,3],${REST}`,
  '"value":"NaN","outputs":{"a":null,"m":[["NaN","Infinity","-Infinity"],[],[0]]}',
  '"value":"-Infinity","outputs":{"a":{"deep":[1,{"b":"}]\\\\"}]},"m":[]}',
  '"value":null,"outputs":{"a":"text","m":null}',
  `"value":0.30000000000000004,"count":9007199254740993,"isGood":true,"outputs":{"a":18446744073709551615,"m":[[]]}`,
  `"count":-5,"isGood":false,"name":"",${REST}`,
  `"name":" \\u00e4\\ud83d\\ude00 \\r\\n,;\\t= ","any":[],${REST}`,
  `"name":"${'long '.repeat(50_000)}","any":{"k":"${'x'.repeat(100_000)}"},${REST}`,
  `"any":"null",${REST}`,
];

const IDS = ['a', 'with, comma', 'with "quotes"', 'line\nbreak', '\r', '', ' ', '007', 'ä😀', '=1+1', 'null'];

const rows = { firstRow: 40, rows: IDS.map((id) => ({ id })) };
const ok = (result: string): RowOutcome => ({ ok: true, result });
const bad: RowOutcome = { ok: false, error: { code: 'decode_failed', message: 'broken' } };
const outcomes = [packOutcomes(RESULTS.map(ok))];

/** Parses a line with big integers as texts, because JSON.parse rounds them. */
function valuesOf(line: string): unknown {
  return JSON.parse(line.replaceAll(/(?<=[:,[])(-?\d{16,})(?=[,\]}])/g, '"$1"'));
}

async function bytesOf(sink: Sink, list: readonly Outcomes[], of = rows): Promise<Buffer> {
  const part = await sink.encode(of, list);
  const bytes = Buffer.from(part.results);
  part.release();
  return bytes;
}

describe.each(SINKS.map((sink) => [sink.format, sink] as const))('%s', (format, sink) => {
  it('returns every row as it was, with odd ids and values', async () => {
    const part = await bytesOf(sink, outcomes);
    expect(sink.count(part)).toBe(RESULTS.length);
    const stored = await sink.decode(part);
    expect(stored.map(({ index, id }) => [index, id])).toEqual(IDS.map((id, at) => [40 + at, id]));
    for (const [at, { text }] of stored.entries()) {
      const line = `{"index":${40 + at},"id":${JSON.stringify(IDS[at])},${RESULTS[at]}}`;
      expect(valuesOf(text)).toEqual(valuesOf(line));
      expect(text.endsWith('}\n')).toBe(true);
    }
    expect(await sink.lines(part)).toBe(stored.map(({ text }) => text).join(''));
  });

  it('gives the same bytes for the same rows, however they were batched', async () => {
    const [all] = outcomes;
    const cut = [sliceOutcomes(all!, 0, 3), sliceOutcomes(all!, 3, RESULTS.length)];
    const [first, again, batched] = [
      await bytesOf(sink, outcomes),
      await bytesOf(sink, outcomes),
      await bytesOf(sink, cut),
    ];
    expect([again, batched].map(sha256)).toEqual([first, first].map(sha256));
  });

  it('writes failed rows as JSON lines, and only the others as results', async () => {
    const list = [packOutcomes([ok(REST), bad, ok(REST)])];
    const named = { firstRow: 8, count: 3 };
    const { results, errors, failed } = await sink.encode(named, list);
    expect([errors, failed]).toEqual([
      '{"index":9,"id":"9","error":{"code":"decode_failed","message":"broken"}}\n',
      1,
    ]);
    const stored = await sink.decode(Buffer.from(results));
    expect(stored.map(({ index, id }) => [index, id])).toEqual([
      [8, '8'],
      [10, '10'],
    ]);
  });

  it('writes a part without rows', async () => {
    const part = await bytesOf(sink, [packOutcomes([bad])], { firstRow: 0, rows: [{ id: 'a' }] });
    expect([sink.count(part), await sink.decode(part)]).toEqual([0, []]);
  });

  it('keeps the index of a row that a retry ran again', async () => {
    const retried = { firstRow: 0, rows: [{ id: 'z', index: 70 }] };
    const { results } = await sink.encode(retried, [packOutcomes([ok(REST)])]);
    expect((await sink.decode(Buffer.from(results)))[0]).toMatchObject({ index: 70, id: 'z' });
  });

  it('refuses outcomes of more or fewer rows', async () => {
    const encode = async () => sink.encode({ firstRow: 0, count: 2 }, [packOutcomes([ok(REST)])]);
    await expect(encode()).rejects.toThrow('2 rows have 1 outcomes');
  });

  it('stores an id with half a character in a form that it knows again', async () => {
    const odd = { firstRow: 0, rows: [{ id: 'a\ud800b' }] };
    const { results } = await sink.encode(odd, [packOutcomes([ok(REST)])]);
    const [stored] = await sink.decode(Buffer.from(results));
    expect(stored!.id).toBe(sink.storedId('a\ud800b'));
  });

  it.each(['cut short', 'of text', 'with a changed start'])('refuses a part %s', async (how) => {
    const whole = await bytesOf(sink, outcomes);
    const part =
      how === 'cut short'
        ? whole.subarray(0, whole.length - 5)
        : Buffer.from(how === 'of text' ? 'not a part\n"' : `[1]${whole.toString('latin1')}`, 'latin1');
    const read = async () => (sink.count(part), sink.decode(part));
    await expect(read()).rejects.toThrow(MalformedPart);
  });

  describe('published', () => {
    let folder: string;
    beforeEach(() => {
      folder = realpathSync(mkdtempSync(join(tmpdir(), 'forebay-sink-')));
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));
    const job = `job_${'0'.repeat(26)}`;
    const small = { firstRow: 8, rows: [{ id: 'a\ud800' }, { id: 'b' }, { id: 'c\ud800' }] };
    const mixed = [packOutcomes([ok(REST), ok(REST), bad])];
    const place = () => ({ output: FOLDER_OUTPUTS.of(folder), job, part: 2, sink });
    const publish = async (list: Outcomes[], permit = async () => true) =>
      publishBlock({ ...place(), rows: small, outcomes: list, token: 't' }, async (hash) =>
        (await permit()) ? { hashes: [hash] } : null,
      );

    it('has the extension of its format, and errors in JSON lines', async () => {
      expect(await publish(mixed)).toMatchObject({ succeeded: 2, failed: 1 });
      const published = readdirSync(folder).filter((name) => name !== '_staging');
      expect(published.toSorted()).toEqual(['errors-00000002.jsonl', `part-00000002.${format}`]);
    });

    it('is adopted by its hash, and by no other', async () => {
      await publish(mixed);
      const hash = sha256(readFileSync(join(folder, partName(2, format))));
      expect(await adoptBlock(place(), small, { hashes: [hash] })).toMatchObject({ succeeded: 2, failed: 1 });
      const other = { hashes: [sha256('other')] };
      await expect(adoptBlock(place(), small, other)).rejects.toMatchObject({ code: 'output_changed' });
      const renamed = { firstRow: 8, rows: [{ id: 'a' }, { id: 'b' }, { id: 'x' }] };
      await expect(adoptBlock(place(), renamed, 'owned')).rejects.toThrow(RowsDiffer);
    });

    it('wins over a later run, whose counts are those of the first', async () => {
      await publish(mixed);
      const before = readFileSync(join(folder, partName(2, format)));
      const late = publishBlock(
        { ...place(), rows: small, outcomes: [packOutcomes([ok(REST), bad, bad])], token: 'u' },
        async () => 'owned',
      );
      expect(await late).toMatchObject({ succeeded: 2, failed: 1 });
      expect(readFileSync(join(folder, partName(2, format)))).toEqual(before);
    });

    it('is not published if a new owner has discarded what was staged', async () => {
      const late = publish(mixed, async () => {
        await discardStaged(folder, { job: `job_${'1'.repeat(26)}`, lease: 'x' });
        return true;
      });
      await expect(late).rejects.toMatchObject({ code: 'storage_unavailable' });
      expect(readdirSync(folder)).toEqual([]);
    });

    it('gets its errors from a new owner if the run died between both', async () => {
      await publish(mixed);
      const hash = sha256(readFileSync(join(folder, partName(2, format))));
      const errors = readFileSync(join(folder, 'errors-00000002.jsonl'));
      rmSync(join(folder, 'errors-00000002.jsonl'));
      mkdirSync(join(folder, '_staging', job), { recursive: true });
      writeFileSync(join(folder, '_staging', job, `errors-00000002.jsonl.${hash}`), errors);
      await discardStaged(folder, { job: `job_${'1'.repeat(26)}`, lease: 'x' });
      expect(readFileSync(join(folder, 'errors-00000002.jsonl'))).toEqual(errors);
    });

    it('is named in the error if somebody has damaged it', async () => {
      writeFileSync(join(folder, partName(2, format)), 'not a part\n"');
      const read = async () => (await readBlock(FOLDER_OUTPUTS.of(folder), 2, sink))?.results();
      await expect(read()).rejects.toMatchObject({
        code: 'output_changed',
        message: expect.stringContaining(partName(2, format)),
      });
    });
  });
});

describe('a table', () => {
  it.each(SINKS.slice(1))(
    'makes an error of a row whose value does not fit its column ($format)',
    async (sink) => {
      const list = [packOutcomes([ok('"value":{"x":1}'), ok(REST)])];
      const { results, errors, failed } = await sink.encode({ firstRow: 0, count: 2 }, list);
      expect(failed).toBe(1);
      expect(JSON.parse(errors)).toMatchObject({
        index: 0,
        error: {
          code: 'inference_failed',
          message: 'the answer does not fit the column "value" (double): {"x":1}',
        },
      });
      expect((await sink.decode(Buffer.from(results))).map(({ index }) => index)).toEqual([1]);
    },
  );

  it('shows the best class in columns of its own, by its number if it has no name', async () => {
    const sink = createCsvSink({ format: 'csv', columns: COLUMNS.slice(0, 3) });
    const list = [
      packOutcomes([
        ok('"predictions":[{"index":3,"label":"tabby, grey","score":0.5}]'),
        ok('"predictions":[{"index":4,"score":0.25}]'),
        ok('"predictions":[]'),
      ]),
    ];
    expect(
      (await bytesOf(sink, list, { firstRow: 0, rows: [{ id: 'a' }, { id: 'b' }, { id: '' }] })).toString(),
    ).toBe(
      'index,id,label,score,predictions\n' +
        '0,a,"tabby, grey",0.5,"[{""index"":3,""label"":""tabby, grey"",""score"":0.5}]"\n' +
        '1,b,4,0.25,"[{""index"":4,""score"":0.25}]"\n' +
        '2,"",,,[]\n',
    );
  });
});
