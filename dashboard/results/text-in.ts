/** Bytes as text, if they are text. */

/** Null if the bytes are not UTF-8, or contain a zero byte, which no text does. The last character may be cut. */
export function textIn(bytes: ArrayBuffer): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return text.includes('\0') ? null : text;
  } catch {
    return null;
  }
}
