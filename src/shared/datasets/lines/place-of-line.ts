/** How error messages name the record that begins on a line. */
export function placeOf(line: number): string {
  return `line ${line}`;
}
