/** Names in a zip. They are UTF-8 if a flag says so, and else in the code page of DOS, or in whatever the tool used. */
import { isUtf8 } from 'node:buffer';
import { crc32 } from 'node:zlib';

/** Characters 128 to 255 of code page 437. */
const CP437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀' +
  'αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

const UNICODE_PATH = 0x7075;

/** `extra`: the extra fields of the entry. One of them may hold the name as UTF-8. */
export function zipName(bytes: Buffer, extra: Buffer): string {
  const unicode = extraField(extra, UNICODE_PATH);
  if (unicode !== null && unicode.length > 5 && unicode.readUInt32LE(1) === crc32(bytes)) {
    const name = unicode.subarray(5);
    if (isUtf8(name)) return name.toString('utf8');
  }
  // Many tools write UTF-8 without the flag. Text in a code page is hardly ever valid UTF-8.
  if (isUtf8(bytes)) return bytes.toString('utf8');
  return Array.from(bytes, (byte) => (byte < 128 ? String.fromCharCode(byte) : CP437[byte - 128])).join('');
}

/** The data of an extra field. Null: there is none. */
export function extraField(extra: Buffer, wanted: number): Buffer | null {
  for (let at = 0; at + 4 <= extra.length;) {
    const length = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === wanted) return extra.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
  return null;
}
