/**
 * Copies a text that was cut out of a larger one. V8 cuts without copying, so a short text keeps the whole page of a
 * listing in memory for as long as it lives. Pure.
 */
export function ownText(text: string): string {
  // Joining and cutting makes V8 copy the characters. A Buffer does too, but takes three times as long.
  return ` ${text}`.slice(1);
}
