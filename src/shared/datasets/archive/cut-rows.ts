/** Cuts the entries of an archive into rows. Members of a group follow each other, as WebDataset defines. */
import type { Skipped } from '../../domain/skipped.ts';
import { unreadable, type Entry, type IndexRange, type RowProblem } from './entry.ts';
import type { Placed } from './member-rule.ts';

export interface Part<T> {
  readonly field: string;
  readonly value: T;
}

export interface CutRow<T> extends IndexRange {
  /** Its name in this archive. */
  readonly key: string;
  readonly parts: readonly Part<T>[];
  readonly problem: RowProblem | null;
  /** What was left out before its last member. */
  readonly skipped: Skipped | null;
}

/** More members of one key are an error, so that a row stays small. */
const MAX_PARTS = 100;
/** Results and errors repeat the id, so it must not be long. */
const MAX_KEY_CHARS = 1024;

interface OpenRow<T> {
  readonly key: string;
  readonly from: number;
  to: number;
  parts: Part<T>[];
  problem: RowProblem | null;
  skipped: Skipped | null;
}

export interface CutOptions<T> {
  /** From createMemberRule. */
  readonly place: (entry: Entry) => Placed | null;
  /** What a row keeps of a member. Called while its bytes may still be in the window. */
  readonly keep: (placed: Placed & { kind: 'part' }) => T | Promise<T>;
  /** What was left out so far. */
  readonly skipped?: () => Skipped;
}

export async function* cutRows<T>(
  batches: AsyncIterable<readonly Entry[]>,
  { place, keep, skipped }: CutOptions<T>,
): AsyncGenerator<CutRow<T>> {
  let open: OpenRow<T> | null = null;
  for await (const entries of batches) {
    for (const entry of entries) {
      const placed = place(entry);
      if (placed === null) continue;
      const isPart = placed.kind === 'part';
      if (open !== null && !(isPart && placed.field !== '' && open.key === placed.key)) {
        yield closed(open);
        open = null;
      }
      const { key } = placed;
      open ??= { key, from: entry.from, to: entry.to, parts: [], problem: null, skipped: null };
      open.to = entry.to;
      open.skipped = skipped?.() ?? null;
      if (isPart) await addPart(open, placed, keep);
      else open.problem = placed.problem;
    }
  }
  if (open !== null) yield closed(open);
}

async function addPart<T>(
  row: OpenRow<T>,
  placed: Placed & { kind: 'part' },
  keep: CutOptions<T>['keep'],
): Promise<void> {
  const { field } = placed;
  if (row.problem !== null) return;
  if (row.parts.some((part) => part.field === field)) {
    row.problem = unreadable(`two members are named ${placed.member.name}`);
  } else if (row.parts.length >= MAX_PARTS) {
    row.problem = unreadable(`more than ${MAX_PARTS} members have this key`);
  } else {
    row.parts.push({ field, value: await keep(placed) });
  }
  if (row.problem !== null) row.parts = [];
}

function closed<T>(row: OpenRow<T>): CutRow<T> {
  const { key } = row;
  if (key.length <= MAX_KEY_CHARS) return row;
  const why = `the name has ${key.length} characters, and the limit is ${MAX_KEY_CHARS}`;
  return { ...row, key: `${key.slice(0, 200)}...`, problem: unreadable(why), parts: [] };
}
