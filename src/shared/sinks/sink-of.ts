/** The sink of a job. */
import type { JobSpec } from '../domain/job/job.ts';
import type { PartTable } from '../domain/job/part-format.ts';
import { createCsvSink } from './csv/csv-sink.ts';
import { createJsonlSink, JSONL_SINK } from './jsonl/jsonl-sink.ts';
import { createParquetSink } from './parquet/parquet-sink.ts';
import type { Sink } from './sink.ts';

/** Every block asks for its sink, and specs are kept parsed. */
const sinks = new WeakMap<PartTable, Sink>();

export function sinkOf({ table }: Pick<JobSpec, 'table'>): Sink {
  if (table === undefined) return JSONL_SINK;
  let sink = sinks.get(table);
  if (sink === undefined) {
    sink = createSink(table);
    sinks.set(table, sink);
  }
  return sink;
}

function createSink(table: PartTable): Sink {
  switch (table.format) {
    case 'jsonl':
      return createJsonlSink(table);
    case 'csv':
      return createCsvSink(table);
    case 'parquet':
      return createParquetSink(table);
  }
}
