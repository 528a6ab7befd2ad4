// A web server that does what a real one cannot be made to do: it changes files, cuts connections, and ignores ranges.
// It also lists its files like S3.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface WebFile {
  bytes: Buffer;
  /** Default: a strong ETag. */
  readonly etag?: 'strong' | 'weak' | 'none';
  /** Whether a part of the file can be asked for. Default: true. */
  readonly ranges?: boolean;
  /** Whether `If-Match` is ignored. */
  readonly careless?: boolean;
  /** The most bytes of a part. Default: as many as asked for. */
  readonly partBytes?: number;
  /** Whether parts begin one byte later than asked for. */
  readonly misplaced?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface WebFiles {
  readonly url: string;
  /** By path, with the leading slash. */
  readonly files: Map<string, WebFile>;
  /** Path and range of each request so far. */
  readonly requests: string[];
  /** Cuts the next answers after this many bytes of their bodies. */
  cutAfter(bytes: number, answers: number): void;
  close(): Promise<void>;
}

export async function serveFiles(files: Readonly<Record<string, WebFile>> = {}): Promise<WebFiles> {
  const all = new Map(Object.entries(files));
  const requests: string[] = [];
  let cut = { bytes: 0, left: 0 };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://files');
    requests.push(`${pathname} ${request.headers.range ?? 'all'}`);
    if (searchParams.has('list-type')) return void response.end(listed(all, pathname, searchParams));
    const file = all.get(pathname);
    if (file === undefined) return void response.writeHead(404).end();
    const body = answer(file, request, response);
    if (cut.left === 0 || body.length <= cut.bytes) return void response.end(body);
    cut.left -= 1;
    response.write(body.subarray(0, cut.bytes), () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files: all,
    requests,
    cutAfter: (bytes, left) => (cut = { bytes, left }),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** One page of a bucket, in byte order. */
function listed(all: ReadonlyMap<string, WebFile>, pathname: string, query: URLSearchParams): string {
  const bucket = `${pathname.replace(/\/$/, '')}/`;
  const keys = [...all.keys()]
    .filter((path) => path.startsWith(bucket))
    .map((path) => path.slice(bucket.length));
  const wanted = keys
    .filter((key) => key.startsWith(query.get('prefix') ?? '') && key > (query.get('start-after') ?? ''))
    .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const contents = wanted.map((key) => {
    const { bytes } = all.get(bucket + key)!;
    const etag = digestOf(bytes).replaceAll('"', '&quot;');
    return `<Contents><Key>${encodeURIComponent(key)}</Key><ETag>${etag}</ETag><Size>${bytes.length}</Size></Contents>`;
  });
  return `<?xml version="1.0"?><ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`;
}

/** Writes the head of the answer, and returns its body. */
function answer(file: WebFile, request: IncomingMessage, response: ServerResponse): Buffer {
  const { bytes, etag = 'strong', ranges = true, careless = false } = file;
  const { partBytes = Infinity, misplaced = false } = file;
  const digest = digestOf(bytes);
  const tag = etag === 'weak' ? `W/${digest}` : digest;
  const headers = { ...(etag !== 'none' && { etag: tag }), ...file.headers };
  const wanted = request.headers['if-match'];
  if (!careless && wanted !== undefined && (etag !== 'strong' || wanted !== tag)) {
    response.writeHead(412, headers);
    return Buffer.alloc(0);
  }
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  if (!ranges || from === undefined) {
    response.writeHead(200, { ...headers, 'content-length': bytes.length });
    return bytes;
  }
  if (Number(from) >= bytes.length) {
    response.writeHead(416, { ...headers, 'content-range': `bytes */${bytes.length}` });
    return Buffer.alloc(0);
  }
  const start = Number(from) + (misplaced ? 1 : 0);
  const part = bytes.subarray(start, Math.min(Number(to) + 1, start + partBytes));
  const range = `bytes ${start}-${start + part.length - 1}/${bytes.length}`;
  response.writeHead(206, { ...headers, 'content-range': range, 'content-length': part.length });
  return part;
}

const digests = new WeakMap<Buffer, string>();

function digestOf(bytes: Buffer): string {
  const known = digests.get(bytes);
  if (known !== undefined) return known;
  const digest = `"${createHash('sha1').update(bytes).digest('hex').slice(0, 16)}"`;
  digests.set(bytes, digest);
  return digest;
}
