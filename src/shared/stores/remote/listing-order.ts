/**
 * Checks that a server lists keys in an order in which a job can continue. AWS lists in byte order. Servers on top of a
 * file system, such as SeaweedFS, list folder by folder. Some compare UTF-16, as JavaScript does. In any other order, a
 * job would lose rows without notice. Pure.
 */
import { ForebayError } from '../../errors.ts';

export type ListingOrder = 'bytes' | 'folders' | 'utf16';

const IS_BEFORE: Readonly<Record<ListingOrder, (a: string, b: string) => boolean>> = {
  bytes: (a, b) => isBefore(a, b, SLASH),
  // With NUL for `/`, byte order compares names folder by folder.
  folders: (a, b) => isBefore(a, b, 0),
  utf16: (a, b) => a < b,
};

/**
 * Returns a function to call with each URL of a listing. It returns the orders that the listing may have. It throws
 * ForebayError `input_unreadable` if there is none left. `after`: the URL after which the listing begins.
 */
export function createOrderCheck(
  prefix: string,
  after: string | null,
  orders: readonly ListingOrder[] = ['bytes', 'folders'],
): (url: string) => readonly ListingOrder[] {
  let last = after;
  let possible = orders;
  return (url) => {
    const before = last;
    if (before !== null && !possible.every((order) => IS_BEFORE[order](before, url))) {
      possible = possible.filter((order) => IS_BEFORE[order](before, url));
      if (possible.length === 0) throw unordered(prefix, before, url);
    }
    last = url;
    return possible;
  };
}

/**
 * For a server that lists only from the beginning. Returns a function to call with each URL of a listing, which tells
 * whether the URL comes after `after`. Throws as createOrderCheck does.
 */
export function createContinuation(
  prefix: string,
  after: string | null,
  orders: readonly ListingOrder[],
): (url: string) => boolean {
  const check = createOrderCheck(prefix, null, orders);
  let isPast = after === null;
  return (url) => {
    const possible = check(url);
    if (isPast) return true;
    if (url === after) {
      isPast = true;
      return false;
    }
    // The object may be gone.
    isPast = possible.every((order) => IS_BEFORE[order](after!, url));
    return isPast;
  };
}

const SLASH = '/'.charCodeAt(0);
/** From here on, the order of UTF-16 is not that of UTF-8. */
const FIRST_SURROGATE = 0xd800;

/** In the order of their bytes in UTF-8, but with `/` as if it were the character `slash`. */
function isBefore(a: string, b: string, slash: number): boolean {
  const end = Math.min(a.length, b.length);
  let at = 0;
  while (at < end && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  if (at === end) return a.length < b.length;
  const [mine, other] = [a.charCodeAt(at), b.charCodeAt(at)];
  if (mine >= FIRST_SURROGATE && other >= FIRST_SURROGATE) {
    // Both may be second halves of a character.
    const from = Math.max(0, at - 1);
    return Buffer.compare(Buffer.from(a.slice(from)), Buffer.from(b.slice(from))) < 0;
  }
  return (mine === SLASH ? slash : mine) < (other === SLASH ? slash : other);
}

function unordered(prefix: string, last: string, url: string): ForebayError {
  return new ForebayError(
    'input_unreadable',
    `The server does not list ${prefix} in order: "${url}" comes after "${last}". Submit a manifest of the objects instead.`,
  );
}
