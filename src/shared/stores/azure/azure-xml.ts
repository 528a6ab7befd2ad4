/** The XML answers of Azure. Pure. */
import { ForebayError } from '../../errors.ts';
import { elementsOf, parsedXml, textOf, timeOf, type Xml } from '../remote/xml.ts';

export interface BlobPage {
  readonly blobs: readonly {
    readonly name: string;
    readonly size: number | null;
    readonly version: string | null;
    /** Epoch ms. Null: unknown. */
    readonly writtenAt: number | null;
    /** Names in lower case. */
    readonly metadata: Readonly<Record<string, string>>;
  }[];
  /** Prefixes of further blobs, if a delimiter was given. */
  readonly folders: readonly string[];
  /** Null on the last page. */
  readonly next: string | null;
}

/** Throws ForebayError `fetch_unreadable`. */
export function readBlobPage(text: string): BlobPage {
  const results = parsedXml(text)?.['EnumerationResults'];
  if (typeof results !== 'object') {
    throw new ForebayError(
      'fetch_unreadable',
      'the answer is not a list of blobs. Is the endpoint that of the blobs of a storage account?',
    );
  }
  const page = results as Xml;
  const [list = {}] = elementsOf(page, 'Blobs');
  return {
    blobs: elementsOf(list, 'Blob').filter(isFile).map(blobOf),
    folders: elementsOf(list, 'BlobPrefix').map((entry) => nameOf(entry['Name'])),
    next: textOf(page['NextMarker']) || null,
  };
}

export interface ErrorBody {
  readonly code: string;
  readonly message: string;
}

/** Both fields are empty if the text is not an error of Azure. */
export function readErrorBody(text: string): ErrorBody {
  const error = parsedXml(text)?.['Error'];
  const fields = typeof error === 'object' ? (error as Xml) : {};
  const [message = ''] = textOf(fields['Message']).split('\n');
  const detail = textOf(fields['AuthenticationErrorDetail']);
  return { code: textOf(fields['Code']), message: detail === '' ? message : `${message} ${detail}` };
}

/** Accounts with folders list the folders, too. */
function isFile(entry: Xml): boolean {
  const [properties = {}] = elementsOf(entry, 'Properties');
  return textOf(properties['ResourceType']) !== 'directory';
}

function blobOf(entry: Xml): BlobPage['blobs'][number] {
  const [properties = {}] = elementsOf(entry, 'Properties');
  const [metadata = {}] = elementsOf(entry, 'Metadata');
  const size = textOf(properties['Content-Length']);
  const tag = textOf(properties['Etag']);
  return {
    name: nameOf(entry['Name']),
    size: size === '' ? null : Number(size),
    // A listing leaves out the quotes that the header has.
    version: tag === '' ? null : tag.startsWith('"') ? tag : `"${tag}"`,
    writtenAt: timeOf(properties['Last-Modified']),
    metadata: Object.fromEntries(
      Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), textOf(value as Xml[string])]),
    ),
  };
}

/** A name that XML cannot hold is percent-encoded, and says so. */
function nameOf(value: Xml[string]): string {
  if (typeof value !== 'object') return textOf(value);
  const { '#text': text, Encoded: encoded } = value as Xml;
  return textOf(encoded) === 'true' ? decodeURIComponent(textOf(text)) : textOf(text);
}
