/** Writes the same rows as JSONL, CSV and Parquet. */
import { parquetWriteFile } from 'hyparquet-writer';
import { appendLines, jsonl, temporary } from './workloads.js';

/**
 * @param {string} name
 * @param {readonly string[]} lines records with the same fields, all numbers
 * @returns `inputs` of a job by format, and `roots`: the folders that the job must be allowed to read
 */
export function tableFiles(name, lines) {
  const known = new Map();
  const rows = lines.map((line) => known.get(line) ?? known.set(line, JSON.parse(line)).get(line));
  const names = Object.keys(rows[0]);
  const csv = temporary(`${name}-${process.pid}.csv`, `${names.join(',')}\n`);
  appendLines(
    csv,
    rows.map((row) => Object.values(row).join(',')),
  );
  const parquet = temporary(`${name}-${process.pid}.parquet`, '');
  const columnData = names.map((column) => ({
    name: column,
    data: rows.map((row) => row[column]),
    type: 'DOUBLE',
  }));
  parquetWriteFile({ filename: parquet, columnData });
  const { input, roots } = jsonl(name, lines);
  return {
    inputs: { jsonl: input, csv: { type: 'csv', path: csv }, parquet: { type: 'parquet', path: parquet } },
    roots,
  };
}
