/**
 * Checks that a server lists keys in an order in which a job can continue. AWS lists in byte order. Servers on top of a
 * file system, such as SeaweedFS, list folder by folder. In any other order, a job would lose rows without notice. Pure.
 */
import { ForebayError } from '../../errors.ts';

/**
 * Returns a function to call with each URL of a listing. It throws ForebayError `input_unreadable` if the order is wrong.
 * `after`: the URL after which the listing begins.
 */
export function createOrderCheck(prefix: string, after: string | null): (url: string) => void {
  let last = after;
  let byBytes = true;
  let byFolders = true;
  return (url) => {
    if (last !== null) {
      byBytes &&= isBefore(last, url);
      byFolders &&= isBefore(inFolderOrder(last), inFolderOrder(url));
      if (!byBytes && !byFolders) throw unordered(prefix, last, url);
    }
    last = url;
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
