/** The XML answers of S3. Pure. */
import { ForebayError } from '../../errors.ts';
import { elementsOf, parsedXml, textOf, timeOf, type Xml } from '../remote/xml.ts';

export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly region: string | null;
}

/** All fields are empty if the text is not an error of S3. */
export function readErrorBody(text: string): ErrorBody {
  const error = parsedXml(text)?.['Error'];
  const fields = typeof error === 'object' ? (error as Xml) : {};
  return {
    code: textOf(fields['Code']),
    message: textOf(fields['Message']),
    region: textOf(fields['Region']) || null,
  };
}

/** Throws ForebayError `fetch_unreadable`. */
export function readUploadId(text: string): string {
  const result = parsedXml(text)?.['InitiateMultipartUploadResult'];
  const id = typeof result === 'object' ? textOf((result as Xml)['UploadId']) : '';
  if (id !== '') return id;
  throw new ForebayError('fetch_unreadable', 'the server started no upload. Is the endpoint an S3 server?');
}

export interface UploadsPage {
  readonly uploads: readonly {
    readonly key: string;
    readonly id: string;
    readonly startedAt: number | null;
  }[];
  /** Query of the next page. Null on the last one. */
  readonly next: Readonly<Record<string, string>> | null;
}

/** Throws ForebayError `fetch_unreadable`. */
export function readUploadsPage(text: string): UploadsPage {
  const result = parsedXml(text)?.['ListMultipartUploadsResult'];
  if (typeof result !== 'object') {
    if (result === '') return { uploads: [], next: null };
    throw new ForebayError(
      'fetch_unreadable',
      'the answer is not a list of uploads. Is the endpoint an S3 server?',
    );
  }
  const page = result as Xml;
  const decode = textOf(page['EncodingType']) === 'url' ? decodeKey : (key: string) => key;
  const uploads = elementsOf(page, 'Upload').map((entry) => ({
    key: decode(textOf(entry['Key'])),
    id: textOf(entry['UploadId']),
    startedAt: timeOf(entry['Initiated']),
  }));
  if (textOf(page['IsTruncated']) !== 'true') return { uploads, next: null };
  // Some servers name only the upload.
  const key = decode(textOf(page['NextKeyMarker'])) || uploads.at(-1)?.key;
  const id = textOf(page['NextUploadIdMarker']) || uploads.at(-1)?.id;
  return { uploads, next: { 'key-marker': key ?? '', 'upload-id-marker': id ?? '' } };
}

/**
 * Decodes a key of a list whose `EncodingType` is `url`. Servers encode a space as `+` or as `%20`, and a plus always
 * as `%2B`.
 */
export function decodeKey(key: string): string {
  if (!key.includes('%') && !key.includes('+')) return key;
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return key;
  }
}
