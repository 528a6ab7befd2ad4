/**
 * The row record of a part: the version of each row. It lies beside the part, and its name holds the part's hash. So it
 * is true of any part with that content, and records of other parts are never mistaken for it (docs/adr/0032).
 *
 * The first line is `{"v":1,"rows":N}`, with `"by":"content"` if the versions are hashes. Then each row has a line
 * `[index,id]` if it failed, else `[index,id,version]`.
 */
import { z } from 'zod';
import { rowId, rowIndex, type NamedRows } from '../domain/block.ts';
import type { Outcomes } from '../domain/outcomes.ts';
import type { RowVersions } from '../domain/row-versions.ts';
import { invalidReason } from '../datasets/row-reference.ts';
import { fileVersion } from '../files/file-version.ts';

/**
 * `stamp`: the stamps of files that lanes have opened, else those of the listing. `versions`: one per row, by content.
 */
export type RecordedVersions = 'stamp' | { readonly versions: readonly (string | null)[] };

export interface RecordedRow {
  readonly index: number;
  readonly id: string;
  /** Null: the row failed, or its version is not known. */
  readonly version: string | null;
  readonly failed: boolean;
}

/** Rows without a name of their own are left out. They can never be opened. */
export function encodeRowRecord(
  rows: NamedRows,
  outcomes: readonly Outcomes[],
  records: RecordedVersions,
): string {
  let text = '';
  let lines = 0;
  let row = 0;
  for (const { ends, errors, stamps } of outcomes) {
    let nextBad = 0;
    for (let at = 0; at < ends.length; at++, row++) {
      const failed = errors[nextBad]?.at === at;
      if (failed) nextBad += 1;
      const ref = 'rows' in rows ? rows.rows[row]! : null;
      if (ref !== null && invalidReason(ref) !== null) continue;
      const head = `[${rowIndex(rows, row)},${JSON.stringify(rowId(rows, row))}`;
      const version = records === 'stamp' ? versionOf(ref?.at, stamps, at) : (records.versions[row] ?? null);
      text += failed ? `${head}]\n` : `${head},${JSON.stringify(version)}]\n`;
      lines += 1;
    }
  }
  const by = records === 'stamp' ? '' : ',"by":"content"';
  return `{"v":1,"rows":${lines}${by}}\n${text}`;
}

/** What a lane has opened is newer than what a listing has seen. */
function versionOf(listed: string | undefined, stamps: Float64Array | undefined, at: number): string | null {
  const size = stamps?.[2 * at] ?? Number.NaN;
  return Number.isNaN(size) ? (listed ?? null) : fileVersion({ size, mtimeMs: stamps![2 * at + 1]! });
}

const HEAD = z.object({ v: z.literal(1), rows: z.int().min(0), by: z.literal('content').optional() });
const LINE = z.union([
  z.tuple([z.int().min(0), z.string()]),
  z.tuple([z.int().min(0), z.string(), z.string().nullable()]),
]);

/** The kind of a record's versions. Null if the bytes are not a record. */
export function kindOfRecord(bytes: Buffer): RowVersions | null {
  const end = bytes.indexOf(10);
  try {
    return HEAD.parse(JSON.parse(bytes.toString('utf8', 0, Math.max(0, end)))).by ?? 'stamp';
  } catch {
    return null;
  }
}

/** Null if the record is not whole. */
export function parseRowRecord(bytes: Buffer): RecordedRow[] | null {
  const [head = '', ...lines] = bytes.toString('utf8').split('\n').slice(0, -1);
  try {
    const { rows } = HEAD.parse(JSON.parse(head));
    if (lines.length !== rows) return null;
    return lines.map(rowOfLine);
  } catch {
    return null;
  }
}

/** Null if the line is not one of a record. */
export function parseRowLine(line: string): RecordedRow | null {
  try {
    return rowOfLine(line);
  } catch {
    return null;
  }
}

function rowOfLine(line: string): RecordedRow {
  const [index, id, version] = LINE.parse(JSON.parse(line));
  return { index, id, version: version ?? null, failed: version === undefined };
}

/** The line of a row. `version`: see RecordedRow. */
export function rowLine({ index, id, version, failed }: RecordedRow): string {
  return `${JSON.stringify(failed ? [index, id] : [index, id, version])}\n`;
}
