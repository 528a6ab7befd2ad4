/** Texts that are not UTF-8. Only their rows fail, so a page with one is read like any other. */
import { isUtf8 } from 'node:buffer';
import type { Column } from '../file/leaves.ts';
import type { Values } from '../pages/decode-page.ts';
import type { LeafCut } from './cells.ts';
import { isMedia } from './structs.ts';

/** Stands for such a text among the values of a page. */
export const BAD_TEXT = Object.freeze({ text: 'not UTF-8' });

const REPLACEMENT = '\ufffd';

/** For short texts, this is many times faster than a TextDecoder. Only a text with U+FFFD is checked further. */
export function textOf(bytes: Uint8Array): string | typeof BAD_TEXT {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  return text.includes(REPLACEMENT) && !isUtf8(bytes) ? BAD_TEXT : text;
}

/** The rows whose cells have such a text. `cells`: those of the column. `cuts`: one per leaf. */
export function badTextRows(column: Column, cells: Values, cuts: readonly LeafCut[]): number[] {
  const suspects = cuts.filter(({ rows }) => rows.hasBadText);
  if (suspects.length === 0) return [];
  // A file of a struct may have bytes and a path, and its path is not read then.
  const isBad = (row: number) =>
    isMedia(column.node) && !column.isWhole
      ? cells[row] === BAD_TEXT
      : suspects.some((cut) => hasBadText(cut, row));
  return Array.from(cells, (_, row) => row).filter(isBad);
}

function hasBadText({ rows: { values, valueStarts }, from }: LeafCut, row: number): boolean {
  if (valueStarts === null) return values[from + row] === BAD_TEXT;
  const end = valueStarts[from + row + 1]!;
  let at = valueStarts[from + row]!;
  while (at < end && values[at] !== BAD_TEXT) at += 1;
  return at < end;
}
