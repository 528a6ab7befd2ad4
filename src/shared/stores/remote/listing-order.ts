/**
 * Checks that a server lists keys in an order in which a job can continue. AWS lists in byte order. Servers on top of a
 * file system, such as SeaweedFS, list folder by folder. Some compare UTF-16, as JavaScript does. In any other order, a
 * job would lose rows without notice. Pure.
 */
import { ForebayError } from '../../errors.ts';

export type ListingOrder = 'bytes' | 'folders' | 'utf16';

const IS_BEFORE: Readonly<Record<ListingOrder, (a: string, b: string) => boolean>> = {
  bytes: isBefore,
  folders: (a, b) => isBefore(inFolderOrder(a), inFolderOrder(b)),
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

/** With NUL for `/`, byte order compares names folder by folder. */
function inFolderOrder(url: string): string {
  return url.replaceAll('/', '\0');
}

function isBefore(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
}

function unordered(prefix: string, last: string, url: string): ForebayError {
  return new ForebayError(
    'input_unreadable',
    `The server does not list ${prefix} in order: "${url}" comes after "${last}". Submit a manifest of the objects instead.`,
  );
}
