/**
 * URLs of objects: `s3://bucket/key` and, on Azure, `az://container/blob`. The key is literal, as for the tools of AWS. So
 * `%`, `+`, `#` and `?` belong to the key, and `%2e` is not a dot. A container of Azure is called a bucket here. Pure.
 */
import { ForebayError } from '../errors.ts';

export type ObjectScheme = 's3' | 'az';

export interface ObjectUrl {
  readonly scheme: ObjectScheme;
  readonly bucket: string;
  /** Empty for the whole bucket. */
  readonly key: string;
  /** In its one canonical form. */
  readonly url: string;
}

interface Kind {
  /** What its buckets are called. */
  readonly noun: string;
  readonly form: string;
  readonly bucket: RegExp;
}

export const OBJECT_SCHEMES: Readonly<Record<ObjectScheme, Kind>> = {
  s3: {
    noun: 'bucket',
    form: 's3://BUCKET/KEY',
    // Old buckets may have capitals and underscores.
    bucket: /^[a-z0-9](?!.*\.\.)[a-z0-9._-]{1,254}$/i,
  },
  az: {
    noun: 'container',
    form: 'az://CONTAINER/BLOB',
    bucket: /^(?:\$root|\$web|(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*)$/,
  },
};

const SCHEME = /^\s*(s3|az):\/\//i;
/** Maximum characters of a bad URL in an error. */
const SHOWN_CHARS = 200;

export function isObjectUrl(text: string): boolean {
  return SCHEME.test(text);
}

/** `text`: one that isObjectUrl accepts. */
export function schemeOf(text: string): ObjectScheme {
  return SCHEME.exec(text)?.[1]?.toLowerCase() === 'az' ? 'az' : 's3';
}

/**
 * Throws ForebayError `invalid_request`. Some servers resolve `.` and `..` in a key like a file system, and Azure reads `\`
 * as `/`. So a key with such a part could leave the prefix that a job may read.
 */
export function parseObjectUrl(text: string): ObjectUrl {
  const scheme = schemeOf(text);
  const rest = text.replace(SCHEME, '');
  const slash = rest.indexOf('/');
  const bucket = slash === -1 ? rest : rest.slice(0, slash);
  const key = slash === -1 ? '' : rest.slice(slash + 1);
  const kind = OBJECT_SCHEMES[scheme];
  const bad = (why: string) =>
    new ForebayError('invalid_request', `"${text.slice(0, SHOWN_CHARS)}" ${why}. Write ${kind.form}.`);
  if (!kind.bucket.test(bucket)) throw bad(`does not name a ${kind.noun}`);
  if (key.split('/').some((part) => part === '.' || part === '..')) {
    throw bad('has a "." or ".." part, which servers read in different ways');
  }
  if (/[\0\u{d800}-\u{dfff}]/u.test(key) || (scheme === 'az' && key.includes('\\'))) {
    throw bad('has a character that no key can have');
  }
  return { scheme, bucket, key, url: `${scheme}://${bucket}/${key}` };
}

/** The URL of everything below a folder: `s3://bucket/photos` -> `s3://bucket/photos/`. Throws as parseObjectUrl does. */
export function objectFolder(text: string): string {
  const { url } = parseObjectUrl(text);
  return url.endsWith('/') ? url : `${url}/`;
}

/** The URL of the bucket that an object is in: `s3://bucket/`. Throws as parseObjectUrl does. */
export function bucketUrl(text: string): string {
  const { scheme, bucket } = parseObjectUrl(text);
  return `${scheme}://${bucket}/`;
}

/** What comes after `s3://` or `az://`. */
export function withoutScheme(url: string): string {
  return url.slice(url.indexOf('://') + '://'.length);
}
