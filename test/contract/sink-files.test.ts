// Every sink makes one file of many parts, and reads it again.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LOCAL_FILES } from '#forebay/shared/datasets/bytes/local-files.js';
import type { ResultColumn, ValueType } from '#forebay/shared/domain/job/part-format.js';
import { packOutcomes } from '#forebay/shared/domain/outcomes.js';
import { createCsvSink } from '#forebay/shared/sinks/csv/csv-sink.js';
import { createJsonlSink, JSONL_SINK } from '#forebay/shared/sinks/jsonl/jsonl-sink.js';
import { createParquetSink } from '#forebay/shared/sinks/parquet/parquet-sink.js';
import { MalformedPart, type GivenColumn, type RowFile, type Sink } from '#forebay/shared/sinks/sink.js';
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

describe.each(SINKS.map((sink) => [names.get(sink)!, sink] as const))('a file: %s', (_, sink) => {
  async function written(fill: (file: RowFile, drain: () => void) => Promise<void>, without: string | null) {
    const file = sink.openFile(without);
    const pieces: Uint8Array[] = [];
    await fill(file, () => {
      const ready = file.take();
      if (ready !== null) pieces.push(ready);
    });
    pieces.push(file.end());
    return { bytes: Buffer.concat(pieces), pieces: pieces.length };
  }

  async function read(bytes: Buffer, given: GivenColumn | null): Promise<string[]> {
    const path = join(testFolder(), 'file');
    writeFileSync(path, bytes);
    const file = await LOCAL_FILES.open(path, new AbortController().signal);
    const texts: string[] = [];
    try {
      for await (const rows of sink.readFile(file, given)) texts.push(...rows.map(({ text }) => text));
    } finally {
      await file.close();
    }
    return texts;
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
    expect(whole.pieces).toBeGreaterThan(1);
    expect(await read(whole.bytes, null)).toEqual(texts);

    const chosen = rows.filter(({ index }) => index % 7 === 0);
    const some = await written(async (file, drain) => {
      for (const row of chosen) {
        file.addRow(row);
        drain();
      }
    }, 'region');
    const parsed = (lines: readonly string[]) => lines.map((line) => JSON.parse(line) as unknown);
    expect(parsed(await read(some.bytes, { column: 'region', value: null }))).toEqual(
      parsed(chosen.map(({ text }) => text)),
    );
    if (sink.format !== 'jsonl') expect(some.bytes.includes('region')).toBe(false);
    await expect(read(whole.bytes.subarray(0, -3), null)).rejects.toThrow(MalformedPart);
  });
});
