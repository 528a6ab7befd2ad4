/** Parses JSON files that people write by hand, and says where one is wrong. */
import { messageOf } from '../errors.ts';

export type JsonReading =
  | { readonly ok: true; readonly value: unknown }
  /** `why` completes "the file ...". */
  | { readonly ok: false; readonly why: string; readonly cause?: unknown };

export function parseJson(text: string): JsonReading {
  if (text.trim() === '') return { ok: false, why: 'is empty; write it, or copy it again' };
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch (cause) {
    const comment = /^\s*(\/\/|\/\*|#)/m.test(text) ? '; JSON has no comments' : '';
    return { ok: false, why: `is not JSON: ${withLine(messageOf(cause), text)}${comment}`, cause };
  }
}

/** Replaces the position in V8's message, which counts characters. V8's message may also quote lines of the text. */
function withLine(message: string, text: string): string {
  const line = message.replaceAll(/\s+/g, ' ');
  const [, at] = /at position (\d+)/.exec(line) ?? [];
  if (at === undefined) return line;
  const before = text.slice(0, Number(at)).split('\n');
  const place = `at line ${before.length}, column ${before.at(-1)!.length + 1}`;
  return line.replace(/at position \d+( \(line \d+ column \d+\))?/, place);
}
