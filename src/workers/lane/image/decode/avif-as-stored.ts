/**
 * Rewrites an AVIF so that its pixels are decoded as stored, as in Pillow. libheif always applies the rotation (`irot`)
 * and the mirroring (`imir`) in the file. A sequence is read as its cover image, which is its first frame.
 */

/** A rotation by 0 degrees. It also replaces a mirroring, which has no value for "none". */
const NO_TURN = Buffer.from('irot\0', 'latin1');
const TURN_BYTES = 9;
const BRANDS_AT = 8;

/** `upright`: whether to apply rotation and mirroring. Returns the same bytes if nothing has to change. */
export function avifAsStored(avif: Uint8Array, upright: boolean): Uint8Array {
  const bytes = Buffer.from(avif.buffer, avif.byteOffset, avif.byteLength);
  const isSequence = bytes.toString('latin1', BRANDS_AT, BRANDS_AT + 4) === 'avis';
  const turns = upright ? [] : turnsIn(bytes);
  if (!isSequence && turns.length === 0) return avif;
  const stored = Buffer.from(bytes);
  // libvips recognises a file by its major brand, and does not accept "avis".
  if (isSequence) stored.write('avif', BRANDS_AT, 'latin1');
  for (const { start } of turns) NO_TURN.copy(stored, start + 4);
  return stored;
}

interface Box {
  readonly type: string;
  readonly start: number;
  readonly contentAt: number;
  readonly end: number;
}

function turnsIn(bytes: Buffer): Box[] {
  const file = { type: 'file', start: 0, contentAt: 0, end: bytes.length };
  const meta = find(bytes, file, 'meta');
  // `meta` begins with four bytes of version and flags.
  const properties = meta && find(bytes, { ...meta, contentAt: meta.contentAt + 4 }, 'iprp');
  const list = properties && find(bytes, properties, 'ipco');
  if (!list) return [];
  return [...boxesIn(bytes, list)].filter(
    ({ type, start, end }) => (type === 'irot' || type === 'imir') && end - start === TURN_BYTES,
  );
}

function find(bytes: Buffer, parent: Box, wanted: string): Box | undefined {
  for (const box of boxesIn(bytes, parent)) if (box.type === wanted) return box;
  return undefined;
}

function* boxesIn(bytes: Buffer, { contentAt, end: parentEnd }: Box): Generator<Box> {
  let start = contentAt;
  while (start + 8 <= parentEnd) {
    const type = bytes.toString('latin1', start + 4, start + 8);
    const short = bytes.readUInt32BE(start);
    const isLong = short === 1;
    if (isLong && start + 16 > parentEnd) return;
    const head = isLong ? 16 : 8;
    const size = isLong ? Number(bytes.readBigUInt64BE(start + 8)) : short;
    // A size of 0 means up to the parent's end.
    const end = short === 0 ? parentEnd : start + size;
    if (end < start + head || end > parentEnd) return;
    yield { type, start, contentAt: start + head, end };
    start = end;
  }
}
