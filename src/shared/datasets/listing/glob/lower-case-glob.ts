/** A pattern that matches the lower case of what the given one matches in any letter case. */
export function lowerCaseGlob(pattern: string): string {
  return pattern.replace(PIECES, (piece) => (CLASS.test(piece) ? piece : piece.toLowerCase()));
}

/** An escaped character, or a run of others. */
const PIECES = /\\.|[^\\]+/gs;
/** These escapes stand for sets of characters. A capital letter stands for all characters outside the set. */
const CLASS = /^\\[dsw]$/i;
