/** Recognises a file of ordinary JSON, which has a list or an object over many lines instead of one object per line. */
import type { LineText } from '../lines/lines.ts';

const OPEN_LIST = '[';
const OPEN_OBJECT = '{';

/** The first line with text. `start`: its first character that is no white space. */
export interface FirstLine {
  readonly start: string;
  readonly line: LineText;
}

/**
 * Returns the end of a sentence about the file: its problem and the fix. Null if it may be JSONL. `second`: how the next
 * line with text starts, or null if there is none. One bad line alone is a bad row, and costs no other row.
 */
export function wholeJson({ start, line }: FirstLine, second: string | null): string | null {
  if (start === OPEN_LIST) {
    if (second === OPEN_OBJECT && isJson(line)) return null;
    return "is a JSON list, not JSON lines. Write one object per line with: jq -c '.[]' file.json > file.jsonl";
  }
  if (start !== OPEN_OBJECT || second === null || second === OPEN_OBJECT || isJson(line)) return null;
  return 'has a JSON object over several lines, not one per line. Convert it with: jq -c . file.json > file.jsonl';
}

function isJson(line: LineText): boolean {
  if (!line.ok) return false;
  try {
    JSON.parse(line.text);
    return true;
  } catch {
    return false;
  }
}
