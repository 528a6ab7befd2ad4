/** Reads the rows of one piece of a compacted file, with their versions. */
import { readRange, type ByteFile } from '../../datasets/bytes/byte-file.ts';
import type { Sink, StoredRow } from '../../sinks/sink.ts';
import { sha256 } from '../../text/sha256.ts';
import { fileRowsName } from '../file-names.ts';
import { inFile } from '../in-file.ts';
import type { Output } from '../output.ts';
import { understood } from '../read-part.ts';
import { parseRowLine, type RecordedRow } from '../row-record.ts';
import { parseSection, type Piece, type SectionPlace } from './file-rows.ts';

export interface SectionRows {
  readonly rows: readonly StoredRow[];
  readonly recorded: readonly RecordedRow[];
}

const { signal: never } = new AbortController();

/**
 * Null if the record or the file is gone, or is known to have changed. Rejects with ForebayError `output_changed` if
 * the piece does not have the format of the sink, with `dataset_changed` if a file becomes shorter meanwhile, or with
 * the errors of the storage.
 */
export async function readSection(
  output: Output,
  task: number,
  place: SectionPlace,
  sink: Sink,
): Promise<SectionRows | null> {
  const text = await inFile(output, fileRowsName(task), async (file) => bytesAt(file, place.at, place.bytes));
  const [head = '', ...lines] = text === null ? [] : text.toString('utf8').split('\n').slice(0, -1);
  const section = parseSection(head);
  if (section === null || section.piece?.sha256.startsWith(place.hash) !== true) return null;
  const recorded = lines.flatMap((line) => parseRowLine(line) ?? []);
  if (recorded.length !== section.rows) return null;
  const rows = await readPiece(output, section.piece, sink);
  return rows && { rows, recorded };
}

async function readPiece(output: Output, piece: Piece, sink: Sink): Promise<StoredRow[] | null> {
  return inFile(output, piece.name, async (file) => {
    const bytes = await bytesAt(file, piece.at, piece.bytes);
    if (bytes === null || sha256(bytes) !== piece.sha256) return null;
    const { at, first: firstRow, rows } = piece;
    return understood(output.pathOf(piece.name), async () =>
      sink.readPiece({ bytes, at, firstRow, rows }, file, piece.given),
    );
  });
}

/** Null: the file ends earlier. */
async function bytesAt(file: ByteFile, from: number, bytes: number): Promise<Buffer | null> {
  return from + bytes > file.size ? null : readRange(file, { from, to: from + bytes }, never);
}
