/**
 * The media type of untrusted bytes that a browser may show. Only the first bytes decide, never a name. Everything else,
 * such as SVG and HTML, could run code in a page of this service.
 */

export interface ShownAs {
  readonly type: string;
  /** Whether a browser may show it. If not, the browser only downloads it. */
  readonly inline: boolean;
}

export const BINARY = 'application/octet-stream';
/** Browsers show these as pictures. */
export const PICTURES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/avif'] as const;
export const HEIC = 'image/heic';

const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1'];

export function contentTypeOf(bytes: Uint8Array): ShownAs {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 16)).toString('latin1');
  const picture = pictureType(head);
  if (picture !== null) return { type: picture, inline: true };
  const isHeic = head.slice(4, 8) === 'ftyp' && HEIC_BRANDS.includes(head.slice(8, 12));
  return { type: isHeic ? HEIC : BINARY, inline: false };
}

function pictureType(head: string): (typeof PICTURES)[number] | null {
  if (head.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (head.startsWith('GIF87a') || head.startsWith('GIF89a')) return 'image/gif';
  if (head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP') return 'image/webp';
  if (head.slice(4, 8) === 'ftyp' && ['avif', 'avis'].includes(head.slice(8, 12))) return 'image/avif';
  return null;
}
