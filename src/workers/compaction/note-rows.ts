/**
 * Notes in which file each row of a task ends up. The notes become a record beside the files, which later delta jobs
 * read. The versions of the rows come from the row records of the parts, which are removed together with the parts.
 */
import type { RowVersions } from '../../shared/domain/row-versions.ts';
import type { GivenColumn } from '../../shared/sinks/sink.ts';
import {
  headLine,
  sectionText,
  type Piece,
  type SectionLine,
} from '../../shared/storage/file-rows/file-rows.ts';
import { rowLine } from '../../shared/storage/row-record.ts';
import { sha256 } from '../../shared/text/sha256.ts';
import type { ReadPart } from './read-parts.ts';
import type { Spill } from './spill.ts';

/** The pieces of a file, noted while it is written. */
export interface FilePieces {
  /** `rowsTaken`: see RowFile. */
  note(bytes: Uint8Array, rowsTaken: number): void;
}

export interface RowNotes {
  /** `results`: how many rows of the part have succeeded. `keyOf`: returns the key of the file that has a row. */
  addPart(part: ReadPart, results: number, keyOf: (index: number) => string | undefined): Promise<void>;
  /** `given`: the column that the file lacks. `unknown`: the file does not show which values its rows had. */
  open(key: string, name: string, given: GivenColumn | null, unknown: boolean): FilePieces;
  /** The text of the record. Call it once, when all files have been written. */
  text(): AsyncGenerator<string, void, undefined>;
  /** Whether the record has a row for each result. If not, it must not be written. */
  readonly isComplete: boolean;
  close(): Promise<void>;
}

/** The key of the failed rows. It is not the key of a partition, because the name of a folder is not empty. */
export const FAILED = '';

/** Failed rows per section, because a section is held in memory. */
const MOST_LINES = 50_000;

interface NotedFile {
  readonly pieces: readonly Piece[];
  readonly unknown: boolean;
}

/** `by`: the kind of versions in the row records of the parts. `spill`: closed together with the notes. */
export function createRowNotes(job: string, by: RowVersions, spill: Spill): RowNotes {
  const files = new Map<string, NotedFile>();
  let isComplete = true;

  /** Each line begins with the index of its row, then `-` if the row failed, or else `+`. */
  async function* linesOf(key: string): AsyncGenerator<string, void, undefined> {
    for await (const text of spill.read(key)) {
      for (let at = 0, end; at < text.length; at = end) {
        end = text.indexOf('\n', at) + 1;
        yield text.slice(at, end);
      }
    }
  }

  async function* sectionsOf(key: string): AsyncGenerator<string, void, undefined> {
    const { pieces = [], unknown = false } = files.get(key) ?? {};
    let lines: SectionLine[] = [];
    let results = 0;
    let at = 0;
    const section = (piece: Piece | undefined) => {
      const text = sectionText(unknown ? null : (piece ?? null), lines);
      lines = [];
      results = 0;
      return text;
    };
    for await (const line of linesOf(key)) {
      const mark = line.search(/[-+]/);
      const failed = line[mark] === '-';
      // A delta job computes rows that are left out.
      if (failed && lines.length >= MOST_LINES && results > 0) continue;
      lines.push({ index: Number(line.slice(0, mark)), text: line.slice(mark + 1) });
      if (!failed) results += 1;
      if (results > 0 && results === pieces[at]?.rows) yield section(pieces[at++]);
      else if (results === 0 && lines.length === MOST_LINES) yield section(undefined);
    }
    if (lines.length > 0) yield section(undefined);
  }

  return {
    async addPart({ recorded }, results, keyOf) {
      let found = 0;
      for (const row of recorded) {
        const key = row.failed ? FAILED : keyOf(row.index);
        if (key === undefined) continue;
        if (!row.failed) found += 1;
        await spill.add(key, row.index + (row.failed ? '-' : '+') + rowLine(row));
      }
      if (found !== results) isComplete = false;
    },
    open(key, name, given, unknown) {
      const pieces: Piece[] = [];
      files.set(key, { pieces, unknown });
      let at = 0;
      let first = 0;
      return {
        note(bytes, rowsTaken) {
          const rows = rowsTaken - first;
          if (rows > 0)
            pieces.push({ name, at, bytes: bytes.length, sha256: sha256(bytes), first, rows, given });
          at += bytes.length;
          first = rowsTaken;
        },
      };
    },
    async *text() {
      yield headLine(job, by, files.has(FAILED));
      for (const key of spill.keys()) yield* sectionsOf(key);
    },
    get isComplete() {
      return isComplete;
    },
    close: async () => spill.close(),
  };
}
