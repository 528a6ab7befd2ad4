// Every sink makes one file of many parts, and reads it again.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ByteFile } from '#forebay/shared/datasets/bytes/byte-file.js';
import { LOCAL_FILES } from '#forebay/shared/datasets/bytes/local-files.js';
import type { ResultColumn, ValueType } from '#forebay/shared/domain/job/part-format.js';
import { packOutcomes } from '#forebay/shared/domain/outcomes.js';
import { createCsvSink } from '#forebay/shared/sinks/csv/csv-sink.js';
import { createJsonlSink, JSONL_SINK } from '#forebay/shared/sinks/jsonl/jsonl-sink.js';
import { createParquetSink } from '#forebay/shared/sinks/parquet/parquet-sink.js';
import {
  MalformedPart,
  type FilePiece,
  type GivenColumn,
  type RowFile,
  type Sink,
} from '#forebay/shared/sinks/sink.js';
import { testFolder } from '../support/lanes.ts';

const column = (name: string, type: ValueType, more: Partial<ResultColumn> = {}): ResultColumn => ({
  name,
  type,
  optional: false,
  source: { of: 'field', field: name },
  ...more,
});

const COLUMNS = [
  column('label', 'string', { source: { of: 'best', field: 'predictions', key: 'label' } }),
  column('predictions', { list: { struct: [{ name: 'label', type: 'string', optional: false }] } }),
  column('vector', { list: 'float' }),
  column('count', 'int64'),
  column('region', 'string', { source: { of: 'input', field: 'region' } }),
  column('at', 'timestamp_us', { source: { of: 'input', field: 'at' } }),
  column('day', 'date', { source: { of: 'input', field: 'day' } }),
  column('raw', 'bytes', { source: { of: 'input', field: 'raw' } }),
];

const SINKS: readonly Sink[] = [
  JSONL_SINK,
  createJsonlSink({ format: 'jsonl', columns: COLUMNS, selected: true }),
  createCsvSink({ format: 'csv', columns: COLUMNS }),
  createCsvSink({ format: 'csv', columns: COLUMNS, selected: true }),
  createParquetSink({ format: 'parquet', columns: COLUMNS }),
  createParquetSink({ format: 'parquet', columns: COLUMNS, selected: true }),
];

/** Enough for several pieces, and for several row groups. */
const PARTS = 4;
const ROWS = 300;
const PAD = 'x'.repeat(4_000);

function result(i: number): string {
  const region = i % 7 === 0 ? 'null' : JSON.stringify(`"a",\n${i % 3}${PAD}`);
  return (
    `"predictions":[{"label":"l${i % 5}"}],"vector":[0.1,${i},-2.5],"count":${9007199254740993n + BigInt(i)},` +
    `"region":${region},"at":"2026-01-02T03:04:05.000006Z","day":"2026-01-02","raw":"AAEC"`
  );
}

async function partsOf(sink: Sink): Promise<Buffer[]> {
  return Promise.all(
    Array.from({ length: PARTS }, async (_, part) => {
      const rows = { firstRow: part * ROWS, count: ROWS };
      const outcomes = Array.from({ length: ROWS }, (_row, i) => ({
        ok: true as const,
        result: result(part * ROWS + i),
      }));
      const { results } = await sink.encode(rows, [packOutcomes(outcomes)]);
      return Buffer.from(results);
    }),
  );
}

const names = new Map(SINKS.map((sink, at) => [sink, `${sink.format}${at % 2 === 1 ? ', selected' : ''}`]));

interface Written {
  readonly bytes: Buffer;
  readonly pieces: readonly FilePiece[];
}

describe.each(SINKS.map((sink) => [names.get(sink)!, sink] as const))('a file: %s', (_, sink) => {
  async function written(
    fill: (file: RowFile, drain: () => void) => Promise<void>,
    without: string | null,
  ): Promise<Written> {
    const file = sink.openFile(without);
    const pieces: FilePiece[] = [];
    let [at, firstRow] = [0, 0];
    const note = (taken: Uint8Array) => {
      pieces.push({ bytes: Buffer.from(taken), at, firstRow, rows: file.rowsTaken() - firstRow });
      [at, firstRow] = [at + taken.length, file.rowsTaken()];
    };
    await fill(file, () => {
      const ready = file.take();
      if (ready !== null) note(ready);
    });
    note(file.end());
    return { bytes: Buffer.concat(pieces.map(({ bytes }) => bytes)), pieces };
  }

  async function opened<T>(bytes: Buffer, use: (file: ByteFile) => Promise<T>): Promise<T> {
    const path = join(testFolder(), 'file');
    writeFileSync(path, bytes);
    const file = await LOCAL_FILES.open(path, new AbortController().signal);
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  }

  async function read(bytes: Buffer, given: GivenColumn | null): Promise<string[]> {
    const texts: string[] = [];
    await opened(bytes, async (file) => {
      for await (const rows of sink.readFile(file, given)) texts.push(...rows.map(({ text }) => text));
    });
    return texts;
  }

  /** The rows of each piece, the last piece first. */
  async function readPieces({ bytes, pieces }: Written, given: GivenColumn | null): Promise<string[][]> {
    return opened(bytes, async (file) => {
      const found: string[][] = [];
      for (const piece of pieces.toReversed())
        found.unshift((await sink.readPiece(piece, file, given)).map(({ text }) => text));
      return found;
    });
  }

  it('has the rows of all parts, whole or one by one, and less without a column', async () => {
    const parts = await partsOf(sink);
    const rows = (await Promise.all(parts.map(async (part) => sink.decode(part)))).flat();
    const texts = rows.map(({ text }) => text);
    const whole = await written(async (file, drain) => {
      for (const part of parts) {
        expect(await file.addPart(part)).toBe(ROWS);
        drain();
      }
    }, null);
    expect(whole.pieces.length).toBeGreaterThan(1);
    expect(await read(whole.bytes, null)).toEqual(texts);
    const found = await readPieces(whole, null);
    expect(found.map(({ length }) => length)).toEqual(whole.pieces.map(({ rows: count }) => count));
    expect(found.flat()).toEqual(texts);

    const chosen = rows.filter(({ index }) => index % 7 === 0);
    const some = await written(async (file, drain) => {
      for (const row of chosen) {
        file.addRow(row);
        drain();
      }
    }, 'region');
    const parsed = (lines: readonly string[]) => lines.map((line) => JSON.parse(line) as unknown);
    const given = { column: 'region', value: null };
    expect(parsed(await read(some.bytes, given))).toEqual(parsed(chosen.map(({ text }) => text)));
    expect(parsed((await readPieces(some, given)).flat())).toEqual(parsed(chosen.map(({ text }) => text)));
    if (sink.format !== 'jsonl') expect(some.bytes.includes('region')).toBe(false);
    await expect(read(whole.bytes.subarray(0, -3), null)).rejects.toThrow(MalformedPart);
  });
});
