/** A manifest lists one row per line: a path, a URL or `{"id","uri"}`. A bad line fails only its row, never the job. */
import { isUtf8 } from 'node:buffer';
import type { ManifestSpec } from '../../domain/dataset-spec.ts';
import type { RowRef } from '../../domain/row.ts';
import type { ByteFiles } from '../bytes/byte-file.ts';
import { exactId } from '../exact-id.ts';
import { MAX_LINE_BYTES, type Line } from '../lines/line-reader.ts';
import { createLineSource } from '../lines/line-source.ts';
import { invalidAt } from '../row-reference.ts';
import type { DatasetSource } from '../source.ts';
import { shortened } from '../../text/shortened.ts';

/** Characters of a bad line that the id of its row shows. */
const BAD_ID_CHARS = 200;

export function createManifestSource(spec: ManifestSpec, files: ByteFiles): DatasetSource {
  return createLineSource({ path: spec.path, files, toRow: manifestRow });
}

function manifestRow({ bytes, start }: Line): RowRef {
  if (bytes === null) {
    return bad(
      `line at byte ${start}`,
      `the line is longer than ${MAX_LINE_BYTES / 1024} KB. Send the bytes of a row ("data:") inline, or write them to a file`,
    );
  }
  const text = bytes.toString('utf8');
  if (!isUtf8(bytes)) return bad(text, 'the line is not valid UTF-8');
  return text.trimStart().startsWith('{') ? jsonRow(text) : { id: text };
}

/** Ignores other fields, which belong to the user. */
function jsonRow(text: string): RowRef {
  let value: { id?: unknown; uri?: unknown; 'source-ref'?: unknown };
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return bad(text, 'the line starts with "{" but is not valid JSON like {"id","uri"}');
  }
  // An augmented manifest of SageMaker.
  const { id, uri = value['source-ref'] } = value;
  if (typeof uri !== 'string' || uri === '') return bad(text, '"uri" must be a path or a URL');
  if (id === undefined || id === uri) return { id: uri };
  if (typeof id !== 'string' && typeof id !== 'number') return bad(text, '"id" must be a string or a number');
  return { id: String(exactId(id, text, 'id')), at: uri };
}

export function bad(id: string, reason: string): RowRef {
  return { id: shortened(id, BAD_ID_CHARS), at: invalidAt(reason) };
}
