/** The XML answers of S3. Pure. */
import { parseXML } from '@aws-sdk/xml-builder';
import { ForebayError } from '../../errors.ts';

type Xml = { readonly [name: string]: Xml | string | undefined | readonly (Xml | string)[] };

export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly region: string | null;
}

/** All fields are empty if the text is not an error of S3. */
export function readErrorBody(text: string): ErrorBody {
  const error = parsed(text)?.['Error'];
  const fields = typeof error === 'object' ? (error as Xml) : {};
  return {
    code: textOf(fields['Code']),
    message: textOf(fields['Message']),
    region: textOf(fields['Region']) || null,
  };
}

export interface ListPage {
  readonly objects: readonly {
    readonly key: string;
    readonly size: number | null;
    readonly version: string | null;
  }[];
  /** Null on the last page. */
  readonly next: string | null;
}

/** Throws ForebayError `fetch_unreadable`. */
export function readListPage(text: string): ListPage {
  const result = parsed(text)?.['ListBucketResult'];
  if (typeof result !== 'object') {
    if (result === '') return { objects: [], next: null };
    throw new ForebayError(
      'fetch_unreadable',
      'the answer is not a list of objects. Is the endpoint an S3 server?',
    );
  }
  const page = result as Xml;
  const decode = textOf(page['EncodingType']) === 'url' ? decodeKey : (key: string) => key;
  const contents = page['Contents'];
  const entries = contents === undefined ? [] : Array.isArray(contents) ? contents : [contents];
  return {
    objects: (entries as Xml[]).map((entry) => ({
      key: decode(textOf(entry['Key'])),
      size: textOf(entry['Size']) === '' ? null : Number(textOf(entry['Size'])),
      version: textOf(entry['ETag']) || null,
    })),
    next: textOf(page['IsTruncated']) === 'true' ? textOf(page['NextContinuationToken']) || null : null,
  };
}

/** Servers encode a space as `+` or as `%20`, and a plus always as `%2B`. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return key;
  }
}

function parsed(text: string): Xml | null {
  try {
    return parseXML(text) as Xml;
  } catch {
    return null;
  }
}

function textOf(value: Xml[string]): string {
  return typeof value === 'string' ? value : '';
}
