/**
 * The rows of a dataset, each with what an earlier output has for it. Both are in the same order, so one pass over both is
 * enough, however large they are.
 */
import { z } from 'zod';
import type { Cursor } from '../domain/dataset-spec.ts';
import type { EarlierRow } from '../domain/earlier-rows.ts';
import type { RowRef } from '../domain/row.ts';
import type { SkipReason } from '../domain/skipped.ts';
import type { EarlierReader, EarlierRecord } from '../storage/earlier-rows.ts';
import { invalidReason } from '../datasets/row-reference.ts';
import type { SkippedCounter } from '../datasets/skipped-counter.ts';
import type { DatasetSource, SourceRow } from '../datasets/source.ts';

export interface DeltaSourceOptions {
  /** `from`: a position that a reader has returned. */
  readonly openEarlier: (from: readonly number[] | null) => Promise<EarlierReader>;
  /** The version that a row has now. Null: unknown. `by content`: only the worker that reads a row knows it. */
  readonly versionOf: 'by content' | ((row: RowRef) => string | null | Promise<string | null>);
  /** The key of an id. The keys of both sides ascend. */
  readonly keyOf: (id: string) => string;
  /** All rows are computed. */
  readonly recompute: boolean;
}

/** The cursor of the dataset, and the position in the earlier output. */
const AT = z.tuple([z.string(), z.array(z.int().min(0))]);

/** Files that are looked at together, so that the latency of a network disk does not add up. */
const LOOKS_AT_ONCE = 64;

export function createDeltaSource(given: DatasetSource, options: DeltaSourceOptions): DatasetSource {
  const { keyOf } = options;

  function judge(version: string | null, earlier: EarlierRecord | null): EarlierRow {
    if (earlier === null) return { is: 'new' };
    if (earlier.failed) return { is: 'failed' };
    const isSame =
      options.versionOf === 'by content'
        ? earlier.version !== null
        : version !== null && version === earlier.version;
    if (!isSame || options.recompute) return { is: 'changed' };
    return { is: 'taken', part: earlier.part, hash: earlier.hash, index: earlier.index };
  }

  return {
    count: async (limit, signal) => given.count(limit, signal),
    whyEmpty: async (signal) => (await given.whyEmpty?.(signal)) ?? null,
    async *read(from, signal, skipped) {
      const [at, parts] = from === null ? [null, null] : AT.parse(JSON.parse(from.at));
      const start = from === null ? null : { ...from, at: at! };
      const earlier = await options.openEarlier(parts);
      try {
        let head = await earlier.next();
        for await (const { listed, version } of withVersions(given, start, options, signal, skipped)) {
          signal.throwIfAborted();
          const { row, cursor } = listed;
          // A name that is not UTF-8 has no place in the order.
          const isNamed = invalidReason(row) === null;
          const key = isNamed ? keyOf(row.id) : '';
          while (head !== null && head.key < key) head = await earlier.next();
          const found = judge(version, isNamed && head?.key === key ? head : null);
          const position = JSON.stringify([cursor.at, earlier.position()]);
          yield {
            // The version is recorded again, because no lane opens the file.
            row:
              found.is === 'taken' && row.at === undefined && version !== null
                ? { ...row, at: version }
                : row,
            cursor: { ...cursor, at: position },
            earlier: found,
          };
        }
      } finally {
        await earlier.close();
      }
    },
  };
}

interface Versioned {
  readonly listed: SourceRow;
  readonly version: string | null;
}

/** Looks at several files ahead. Entries that the listing leaves out are counted when the next row is returned. */
async function* withVersions(
  given: DatasetSource,
  from: Cursor | null,
  { versionOf }: Pick<DeltaSourceOptions, 'versionOf'>,
  signal: AbortSignal,
  skipped: SkippedCounter | undefined,
): AsyncGenerator<Versioned> {
  let before = createTally();
  let ahead: { readonly listed: SourceRow; readonly left: Tally }[] = [];

  async function* looked(): AsyncGenerator<Versioned> {
    const versions =
      versionOf === 'by content'
        ? []
        : await Promise.all(ahead.map(async ({ listed }) => versionOf(listed.row)));
    for (const [i, { listed, left }] of ahead.entries()) {
      left.addTo(skipped);
      yield { listed, version: versions[i] ?? null };
    }
    ahead = [];
  }

  const counter = { add: (reason: SkipReason, id: string) => before.add(reason, id), total: () => ({}) };
  for await (const listed of given.read(from, signal, counter)) {
    ahead.push({ listed, left: before });
    before = createTally();
    if (ahead.length === LOOKS_AT_ONCE) yield* looked();
  }
  yield* looked();
  before.addTo(skipped);
}

type Tally = ReturnType<typeof createTally>;

/** Names per reason that a SkippedCounter can use. */
const NAMES = 3;

/** Entries that were left out, to be counted later. */
function createTally() {
  const reasons = new Map<SkipReason, { readonly first: string[]; count: number }>();
  return {
    add(reason: SkipReason, id: string): void {
      const known = reasons.get(reason);
      if (known === undefined) reasons.set(reason, { first: [id], count: 1 });
      else {
        known.count += 1;
        if (known.first.length < NAMES) known.first.push(id);
      }
    },
    addTo(counter: SkippedCounter | undefined): void {
      for (const [reason, { first, count }] of reasons) {
        for (let i = 0; i < count; i++) counter?.add(reason, first[i] ?? '');
      }
    },
  };
}
