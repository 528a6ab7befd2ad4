/** Text from elsewhere made safe to show: what would steer a terminal or turn the order of letters is spelled out. Pure. */

/** C0, DEL and C1 controls, and the marks that override or isolate the direction of text. */
const UNSAFE = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Escaped as JSON escapes (`\u001b`), so that a line of JSON stays the same value. Line ends and tabs stay.
 */
export function visibleText(text: string): string {
  return text.replaceAll(UNSAFE, (found) => (found === '\n' || found === '\t' ? found : escaped(found)));
}

/** The same for text that is part of a line. */
export function visibleLine(text: string): string {
  return text.replaceAll(UNSAFE, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
