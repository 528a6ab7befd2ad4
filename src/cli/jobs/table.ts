/** Text in columns. Pure. */
import { visibleLine } from '../../shared/text/visible-text.ts';

/** Pads each column to its widest cell. `right` lists the columns to align right. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const shown = rows.map((row) => row.map(visibleLine));
  const widths = (shown[0] ?? []).map((_, i) => Math.max(...shown.map((row) => row[i]!.length)));
  const lines = shown.map((row) =>
    row
      .map((cell, i) => (right.includes(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  '),
  );
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}
