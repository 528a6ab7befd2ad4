/**
 * The parts of earlier outputs that delta jobs take results from. Blocks that lie in the same part come soon after each
 * other, so the latest parts stay decoded.
 */
import type { Delta } from '../../shared/domain/job/delta.ts';
import { ForebayError } from '../../shared/errors.ts';
import { sinkOf } from '../../shared/sinks/sink-of.ts';
import type { StoredRow } from '../../shared/sinks/sink.ts';
import { decodePlace, type SectionPlace } from '../../shared/storage/file-rows/file-rows.ts';
import { readSection } from '../../shared/storage/file-rows/read-section.ts';
import type { Outputs } from '../../shared/storage/output.ts';
import { recordName } from '../../shared/storage/output-names.ts';
import { readBlock } from '../../shared/storage/read-part.ts';
import { parseRowRecord, type RecordedRow } from '../../shared/storage/row-record.ts';

export interface EarlierPart {
  /** Its results by their index. Empty if the part is gone or has changed. */
  readonly rows: ReadonlyMap<number, StoredRow>;
  /** The recorded versions by index. Empty if they were not asked for, or the record is gone. */
  readonly versions: ReadonlyMap<number, string>;
}

type Earlier = Pick<Delta, 'output' | 'table' | 'by'>;

export interface EarlierParts {
  /**
   * `hash`: the SHA-256 that the part must have, or the place of a section in a compacted output. Rejects with the
   * errors of the storage.
   */
  get(delta: Earlier, part: number, hash: string): Promise<EarlierPart>;
}

interface Kept {
  readonly part: Promise<EarlierPart>;
  /** 0 until the part is read. */
  bytes: number;
}

/** Parts are dropped when no block has asked for one for this long. */
const IDLE_MS = 10_000;

/** Memory of a decoded row, besides its text. */
const ROW_BYTES = 200;

/** `maxBytes`: approximate bytes of the parts that are kept. The latest part is kept whatever its size. */
export function createEarlierParts(outputs: Outputs, maxBytes: number): EarlierParts {
  /** The least recently used one comes first. */
  const kept = new Map<string, Kept>();
  let used = 0;
  let idle: NodeJS.Timeout | undefined;

  function dropWhenIdle(): void {
    clearTimeout(idle);
    idle = setTimeout(() => {
      kept.clear();
      used = 0;
    }, IDLE_MS).unref();
  }

  function drop(key: string, entry: Kept): void {
    if (kept.get(key) !== entry) return;
    kept.delete(key);
    used -= entry.bytes;
  }

  function settle(key: string, entry: Kept, bytes: number): void {
    if (kept.get(key) !== entry) return;
    entry.bytes = bytes;
    used += bytes;
    for (const [oldest, old] of kept) {
      if (used <= maxBytes) return;
      if (old !== entry && old.bytes > 0) drop(oldest, old);
    }
  }

  function read(key: string, delta: Earlier, part: number, hash: string): Kept {
    const entry: Kept = { part: readPart(outputs, delta, part, hash), bytes: 0 };
    kept.set(key, entry);
    entry.part.then(
      (found) => settle(key, entry, sizeOf(found)),
      () => drop(key, entry),
    );
    return entry;
  }

  return {
    async get(delta, part, hash) {
      dropWhenIdle();
      const key = JSON.stringify([delta.output, part, hash, delta.by ?? null]);
      const known = kept.get(key);
      if (known === undefined) return read(key, delta, part, hash).part;
      kept.delete(key);
      kept.set(key, known);
      return known.part;
    },
  };
}

async function readPart(outputs: Outputs, delta: Earlier, part: number, hash: string): Promise<EarlierPart> {
  const place = decodePlace(hash);
  if (place !== null) return readFiles(outputs, delta, part, place);
  const output = outputs.of(delta.output);
  const [found, record] = await Promise.all([
    readBlock(output, part, sinkOf(delta), false).catch(nullIfDamaged),
    delta.by === 'content' ? output.read(recordName(part, hash)) : null,
  ]);
  const stored = found?.partHash === hash ? await found.results().catch(nullIfDamaged) : null;
  return asPart(stored ?? [], (record && parseRowRecord(record)) ?? []);
}

async function readFiles(
  outputs: Outputs,
  delta: Earlier,
  task: number,
  place: SectionPlace,
): Promise<EarlierPart> {
  const found = await readSection(outputs.of(delta.output), task, place, sinkOf(delta)).catch(nullIfDamaged);
  return asPart(found?.rows ?? [], delta.by === 'content' ? (found?.recorded ?? []) : []);
}

function asPart(rows: readonly StoredRow[], recorded: readonly RecordedRow[]): EarlierPart {
  return {
    rows: new Map(rows.map((row) => [row.index, row])),
    versions: new Map(recorded.flatMap(({ index, version }) => (version === null ? [] : [[index, version]]))),
  };
}

function sizeOf({ rows, versions }: EarlierPart): number {
  let bytes = ROW_BYTES * (rows.size + versions.size);
  for (const { id, text } of rows.values()) bytes += id.length + text.length;
  return bytes;
}

/** If a file changes while it is read, its reader reports `dataset_changed`. */
const DAMAGED: readonly string[] = ['output_changed', 'dataset_changed'];

/** What somebody has changed is computed again. */
function nullIfDamaged(error: unknown): null {
  if (error instanceof ForebayError && DAMAGED.includes(error.code)) return null;
  throw error;
}
