/** A pattern that matches the lower case of what the given one matches in any letter case. */
export function lowerCaseGlob(pattern: string): string {
  return pattern.replace(PIECES, (piece) => (CLASS.test(piece) ? piece : piece.toLowerCase()));
}

/** An escaped character, or a run of others. */
const PIECES = /\\.|[^\\]+/gs;
/** Such an escape means a set of characters, and its capital means all others. */
const CLASS = /^\\[dsw]$/i;
