/** The id of a row of a table in several files, if the file does not name it. Pure. */

/** `part`: the path of the file below the base of the dataset. `row`: its position in the file, from 0. */
export function partRowName(part: string): (row: number) => string {
  return (row) => `${part}/${row}`;
}
