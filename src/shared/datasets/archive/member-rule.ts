/**
 * Which members of an archive are rows or parts of rows. Rows are the files of the archive by the rules for folders, or
 * groups of files with the same key (WebDataset): `cats/07.jpg` and `cats/07.json` are the row `cats/07`.
 */
import type { ArchiveSpec } from '../../domain/dataset-spec.ts';
import { createGlobFilter } from '../listing/glob-filter.ts';
import { createExplicitInclude, isLeftOut } from '../listing/listing-rule.ts';
import type { SkippedCounter } from '../skipped-counter.ts';
import type { Entry, Member, RowProblem } from './entry.ts';

/** What an entry is to the rows. */
export type Placed =
  | {
      readonly kind: 'part';
      /** The row that it belongs to. */
      readonly key: string;
      /** Its name in the row: what follows the key, without a dot. The empty text if the file is the row. */
      readonly field: string;
      readonly member: Member;
    }
  | { readonly kind: 'damaged'; readonly key: string; readonly problem: RowProblem };

export type MemberRules = Pick<ArchiveSpec, 'grouped' | 'listing' | 'include' | 'exclude' | 'ignore_case'>;

/** Null for an entry that is left out, which `onSkip` then counts. */
export function createMemberRule(
  { grouped, listing, include, exclude, ignore_case }: MemberRules,
  onSkip: SkippedCounter['add'],
): (entry: Entry) => Placed | null {
  const filter = createGlobFilter(include, exclude, ignore_case);
  const isExplicit = createExplicitInclude(include, ignore_case);

  return function place(entry) {
    if (entry.kind === 'folder') return null;
    if (entry.kind === 'damaged') {
      return { kind: 'damaged', key: `byte ${entry.from}`, problem: entry.problem };
    }
    const id = withoutDot(entry.name);
    const name = id.slice(id.lastIndexOf('/') + 1);
    if (isHidden(id) || (grouped && /^__.*__$/.test(name))) {
      onSkip('hidden', id);
      return null;
    }
    if (!filter.file(id)) return null;
    if (entry.kind === 'left_out') {
      onSkip(entry.reason, id);
      return null;
    }
    if (!grouped) {
      if (!isLeftOut(listing, id, name, isExplicit))
        return { kind: 'part', key: id, field: '', member: entry };
      onSkip('not_images', id);
      return null;
    }
    const dot = name.indexOf('.');
    if (dot < 0) {
      onSkip('no_extension', id);
      return null;
    }
    const key = id.slice(0, id.length - name.length + dot);
    return { kind: 'part', key, field: name.slice(dot + 1).toLowerCase(), member: entry };
  };
}

/** `tar -C photos .` begins all names with `./`. */
function withoutDot(name: string): string {
  return name.startsWith('./') ? name.replace(/^(?:\.\/+)+/, '') : name;
}

/** Nothing is written to a disk, so `..` in a name is part of the name. */
function isHidden(id: string): boolean {
  return id.includes('.') && /(?:^|\/)\.(?!\.?(?:\/|$))/.test(id);
}
