/** The last step of finding offsets: cuts spaces off the tokens, and says which tokens belong to one word. */
import type { TokenOffsets } from '../text-tokenizer.ts';

/**
 * `continues`: whether a token continues a word. Null if the tokenizer does not mark such tokens. Then spaces separate
 * words. Changes `starts` and `ends`.
 */
export function trimOffsets(
  text: string,
  starts: number[],
  ends: number[],
  continues: ((token: number) => boolean) | null,
): TokenOffsets {
  for (let i = 0; i < starts.length; i++) {
    const end = ends[i]!;
    let start = starts[i]!;
    while (start < end && isSpace(text, start)) start += 1;
    let last = end;
    while (last > start && isSpace(text, last - 1)) last -= 1;
    starts[i] = start;
    ends[i] = last;
  }
  const goesOn = (i: number) => {
    if (continues !== null) return continues(i);
    const start = starts[i]!;
    // A token that is only a space counts as the start of the next word, so the token after it continues that word.
    if (i > 0 && starts[i - 1] === ends[i - 1] && ends[i - 1] === start) return true;
    return i > 0 && start > 0 && !isSpace(text, start - 1);
  };
  return { starts, ends, continues: starts.map((_, i) => goesOn(i)) };
}

function isSpace(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 32 || (code >= 9 && code <= 13) || (code > 127 && /\s/.test(text[at]!));
}
