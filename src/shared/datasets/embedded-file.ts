/** A file inside a field of a record: a data URL, or the bytes in base64. */

const DATA_URL = /^data:[\w.+/-]*(?:;[\w.+=-]+)*;base64,/i;
const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;

/** Shorter texts are paths. "/9j/" alone could be one. */
const LEAST_CHARS = 64;

/** How the first bytes of known formats look in base64. */
const STARTS = [
  /^\/9j\//, // JPEG
  /^iVBORw0KGgo/, // PNG
  /^R0lGOD/, // GIF
  /^UklGR/, // RIFF: WebP and WAV
  /^(?:SUkqA|TU0AK)/, // TIFF
  /^AAAA[A-Za-z0-9+/]GZ0eX/, // HEIC and AVIF
  /^ZkxhQ/, // FLAC
];

/**
 * Null: the text is not a file, so it may be a path or a URL. Without a data URL, only files of images and sounds are
 * recognised, by their first bytes.
 */
export function embeddedFile(text: string): Buffer | null {
  const [prefix] = DATA_URL.exec(text) ?? [];
  if (prefix !== undefined) return Buffer.from(text.slice(prefix.length), 'base64');
  const isFile = text.length >= LEAST_CHARS && STARTS.some((start) => start.test(text)) && BASE64.test(text);
  return isFile ? Buffer.from(text, 'base64') : null;
}
