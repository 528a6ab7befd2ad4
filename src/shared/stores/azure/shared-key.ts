/**
 * Signs requests with the key of a storage account, as
 * https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key describes it. Pure.
 */
import { createHmac } from 'node:crypto';

export interface ToSign {
  readonly method: string;
  /** As it is sent. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** All that is sent, with names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBytes: number;
}

/** Their values are signed in this order. The date comes from `x-ms-date`. */
const STANDARD = [
  'content-md5',
  'content-type',
  'date',
  'if-modified-since',
  'if-match',
  'if-none-match',
  'if-unmodified-since',
  'range',
];

/** The value of the header `Authorization`. */
export function sharedKey(account: string, key: Buffer, request: ToSign): string {
  const { method, path, query, headers, bodyBytes } = request;
  const byName = ([a]: [string, string], [b]: [string, string]) => (a < b ? -1 : 1);
  const standard = STANDARD.map((name) => headers[name] ?? '');
  const own = Object.entries(headers)
    .filter(([name]) => name.startsWith('x-ms-'))
    .toSorted(byName)
    .map(([name, value]) => `${name}:${value.trim()}`);
  const parameters = Object.entries(query)
    .toSorted(byName)
    .map(([name, value]) => `${name.toLowerCase()}:${value}`);
  const text = [
    method,
    // Content-Encoding and Content-Language are never sent.
    '',
    '',
    bodyBytes === 0 ? '' : String(bodyBytes),
    ...standard,
    ...own,
    [`/${account}${path}`, ...parameters].join('\n'),
  ].join('\n');
  return `SharedKey ${account}:${createHmac('sha256', key).update(text).digest('base64')}`;
}
