/** A pax header: records that describe the next entry of a tar. */
import { tarText } from './tar-header.ts';

/** What headers before an entry say of it. */
export interface TarExtras {
  readonly path?: string;
  readonly size?: number;
  readonly isSparse?: true;
}

/** Null: it is damaged. */
export function readPax(bytes: Buffer): TarExtras | null {
  let extras: TarExtras = {};
  for (let at = 0; at < bytes.length;) {
    // A record is `LENGTH KEY=VALUE\n`, and its length includes everything.
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(bytes.toString('latin1', at, space));
    const end = at + length;
    const equals = bytes.indexOf(0x3d, space);
    if (!Number.isSafeInteger(length) || end > bytes.length || bytes[end - 1] !== 0x0a) return null;
    if (equals < space || equals >= end) return null;
    const key = bytes.toString('latin1', space + 1, equals);
    const value = bytes.subarray(equals + 1, end - 1);
    if (key === 'path') extras = { ...extras, path: tarText(value) };
    if (key === 'size') {
      const size = Number(value.toString('latin1'));
      if (!Number.isSafeInteger(size) || size < 0) return null;
      extras = { ...extras, size };
    }
    if (key.startsWith('GNU.sparse.')) extras = { ...extras, isSparse: true };
    if (key === 'GNU.sparse.name') extras = { ...extras, path: tarText(value) };
    at = end;
  }
  return extras;
}
