/**
 * Pictures without their EXIF orientation, so that a browser draws the pixels as they are stored. `imageOrientation:
 * 'none'` has no such effect: Chromium treats it like `from-image`.
 */

/** The same bytes, with the EXIF data of a JPEG, PNG or WebP made unreadable. */
export function withoutOrientation(bytes: ArrayBuffer): ArrayBuffer {
  const view = new DataView(bytes.slice());
  if (isAt(view, 0, '\xff\xd8')) hideInJpeg(view);
  else if (isAt(view, 1, 'PNG')) hideInPng(view);
  else if (isAt(view, 0, 'RIFF') && isAt(view, 8, 'WEBP')) hideInWebp(view);
  return view.buffer as ArrayBuffer;
}

function hideInJpeg(view: DataView): void {
  // A segment is a marker, then its length, which counts its own two bytes. Pixels follow the marker DA.
  for (let at = 2; at + 10 <= view.byteLength && view.getUint8(at) === 0xff;) {
    const marker = view.getUint8(at + 1);
    if (marker === 0xda) return;
    if (marker === 0xe1 && isAt(view, at + 4, 'Exif')) view.setUint32(at + 4, 0);
    // A marker may have more bytes FF before it.
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
}

function hideInPng(view: DataView): void {
  for (let at = 8; at + 12 <= view.byteLength; at += 12 + view.getUint32(at)) {
    // The checksum of the chunk no longer fits either, so a reader skips the chunk.
    if (isAt(view, at + 4, 'eXIf')) view.setUint32(at + 8, 0);
  }
}

function hideInWebp(view: DataView): void {
  for (let at = 12; at + 8 <= view.byteLength;) {
    if (isAt(view, at, 'EXIF')) view.setUint32(at, 0x58585858);
    const length = view.getUint32(at + 4, true);
    at += 8 + length + (length % 2);
  }
}

function isAt(view: DataView, at: number, text: string): boolean {
  if (at + text.length > view.byteLength) return false;
  for (let i = 0; i < text.length; i++) if (view.getUint8(at + i) !== text.charCodeAt(i)) return false;
  return true;
}
