/** The record of a part: what it holds, and which rows of the dataset these are. */
import { isSlice, rowCount, rowIndex, type BlockContent } from '../../domain/block.ts';
import { sha256 } from '../../text/sha256.ts';
import type { PartFacts, PartRecord } from '../../domain/part-record.ts';

const CHECK_DIGITS = 32;

/** `part`: its number. */
export function partRecordOf(part: number, content: BlockContent, facts: PartFacts): PartRecord {
  return { part, ...extentOf(content), check: rowsCheck(content), ...facts };
}

/**
 * A digest of a block's rows. Equal digests mean the same rows, so the part of one block fits the other. For a slice,
 * it covers the slice's place and the version of its file. For listed rows, it covers their indexes and ids.
 */
export function rowsCheck(content: BlockContent): string {
  return sha256(JSON.stringify(identityOf(content))).slice(0, CHECK_DIGITS);
}

function identityOf(content: BlockContent): readonly unknown[] {
  const { firstRow } = content;
  if (isSlice(content)) return ['slice', firstRow, content.count, content.ref, content.check];
  const ids = content.rows.map(({ id }) => id);
  const isSparse = content.rows.some(({ index }) => index !== undefined);
  return ['rows', firstRow, ids, isSparse ? content.rows.map((_, at) => rowIndex(content, at)) : null];
}

/** The indexes of the first and the last row. */
function extentOf(content: BlockContent): { readonly first: number; readonly last: number } {
  const last = rowCount(content) - 1;
  if (isSlice(content)) return { first: content.firstRow, last: content.firstRow + last };
  return { first: rowIndex(content, 0), last: rowIndex(content, last) };
}
