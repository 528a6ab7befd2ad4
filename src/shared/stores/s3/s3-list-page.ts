/**
 * Reads a page of ListObjectsV2. Listings have millions of keys, and an XML parser takes 8 us for each. So if a page
 * has the usual form, its objects are cut out of the text first. Pure.
 */
import { ForebayError } from '../../errors.ts';
import { ownText } from '../../text/own-text.ts';
import { elementsOf, parsedXml, textOf, timeOf, type Xml } from '../remote/xml.ts';
import { decodeKey } from './s3-xml.ts';

export interface ListPage {
  readonly objects: readonly ListedObject[];
  /** Prefixes of further objects, if a delimiter was given. */
  readonly folders: readonly string[];
  /** Null on the last page. */
  readonly next: string | null;
}

export interface ListedObject {
  readonly key: string;
  readonly size: number | null;
  readonly version: string | null;
  /** Epoch ms. Null: unknown. */
  readonly writtenAt: number | null;
}

/** The text of the element with this name in an object of the page. Empty: there is none. */
type Field = (name: 'Key' | 'Size' | 'ETag' | 'LastModified') => string;

/** Throws ForebayError `fetch_unreadable`. */
export function readListPage(text: string): ListPage {
  const { taken, rest } = takeObjects(text);
  const result = parsedXml(rest)?.['ListBucketResult'];
  if (result === undefined || (typeof result === 'string' && result !== '')) {
    throw new ForebayError(
      'fetch_unreadable',
      'the answer is not a list of objects. Is the endpoint an S3 server?',
    );
  }
  const page = result === '' ? {} : (result as Xml);
  const isEncoded = textOf(page['EncodingType']) === 'url';
  const parsed = elementsOf(page, 'Contents').map(
    (entry): Field =>
      (name) =>
        textOf(entry[name]),
  );
  return {
    objects: [...taken, ...parsed].map((field) => objectOf(field, isEncoded)),
    folders: elementsOf(page, 'CommonPrefixes').map((entry) => {
      const prefix = textOf(entry['Prefix']);
      return isEncoded ? decodeKey(prefix) : prefix;
    }),
    next: textOf(page['IsTruncated']) === 'true' ? textOf(page['NextContinuationToken']) || null : null,
  };
}

function objectOf(field: Field, isEncoded: boolean): ListedObject {
  const key = field('Key');
  const size = field('Size');
  return {
    key: isEncoded ? decodeKey(key) : key,
    size: size === '' ? null : Number(size),
    // Rows keep it, and wait for others to fill a block.
    version: ownText(field('ETag')) || null,
    writtenAt: timeOf(field('LastModified')),
  };
}

const OPEN = '<Contents>';
const CLOSE = '</Contents>';
/** Comments, CDATA, attributes, and white space that only a parser handles correctly. */
const UNUSUAL = /\r|<!|<\/?(?:Contents|Key|Size|ETag|LastModified)\s/;
/** Servers escape the quotes of every ETag. */
const QUOTE = /&(?:quot|#34|#x22);/g;

/** `rest`: the page without the objects that were taken. If the page does not have the usual form, none are taken. */
function takeObjects(text: string): { readonly taken: readonly Field[]; readonly rest: string } {
  if (UNUSUAL.test(text)) return { taken: [], rest: text };
  const taken: Field[] = [];
  let rest = '';
  let at = 0;
  for (;;) {
    const start = text.indexOf(OPEN, at);
    const end = start === -1 ? -1 : text.indexOf(CLOSE, start);
    if (end === -1) return { taken, rest: rest + text.slice(at) };
    const object = text.slice(start + OPEN.length, end);
    taken.push((name) => elementText(object, name));
    rest += text.slice(at, start);
    at = end + CLOSE.length;
  }
}

function elementText(xml: string, name: string): string {
  const start = xml.indexOf(`<${name}>`);
  if (start === -1) return '';
  const from = start + name.length + 2;
  const text = xml.slice(from, xml.indexOf(`</${name}>`, from)).replaceAll(QUOTE, '"');
  return text.includes('&') ? textOf(parsedXml(`<text>${text}</text>`)?.['text']) : text;
}
