/** Makes foreign text safe to show. Escapes characters that control a terminal or the direction of text. Pure. */

/** C0, DEL and C1 controls, and characters that embed, override or isolate a direction of text. */
const UNSAFE = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/** Escapes as JSON does (`\u001b`), so that a line of JSON keeps its value. Line feeds and tabs stay. */
export function visibleText(text: string): string {
  return text.replaceAll(UNSAFE, (found) => (found === '\n' || found === '\t' ? found : escaped(found)));
}

/** The same for a part of a line. It also escapes line feeds and tabs. */
export function visibleLine(text: string): string {
  return text.replaceAll(UNSAFE, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
