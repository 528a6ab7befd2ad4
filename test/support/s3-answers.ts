// An HTTP server that answers like S3, for what a real server cannot be made to do: throttle, name another region, cut
// connections, or list millions of keys.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface S3Answers {
  readonly endpoint: string;
  /** The requests so far. */
  readonly requests: {
    readonly url: string;
    readonly authorization: string | undefined;
    readonly date: string | string[] | undefined;
    readonly headers: IncomingHttpHeaders;
  }[];
  close(): Promise<void>;
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** The n-th answer is for the n-th request, and the last one for all further requests. */
export async function serveS3(...answers: Answer[]): Promise<S3Answers> {
  const requests: S3Answers['requests'] = [];
  const server = createServer((request, response) => {
    requests.push({
      url: request.url!,
      authorization: request.headers.authorization,
      date: request.headers['x-amz-date'],
      headers: request.headers,
    });
    answers[Math.min(requests.length, answers.length) - 1]!(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An object whose content is "here". */
export const here: Answer = (_, response) => response.writeHead(200, { etag: '"1"' }).end('here');

/** No answer: the connection is cut. */
export const cut: Answer = (request) => request.socket.destroy();

/** An error in the form of S3. `more`: further elements of its body. */
export function refusing(
  status: number,
  code: string,
  more = '',
  headers: Record<string, string> = {},
): Answer {
  return (_, response) =>
    response
      .writeHead(status, { 'content-type': 'application/xml', ...headers })
      .end(
        `<?xml version="1.0"?><Error><Code>${code}</Code><Message>It says ${code}.</Message>${more}</Error>`,
      );
}

/** A bucket of `count` objects whose keys are `prefix` and a number of 8 digits. */
export function listing(prefix: string, count: number): Answer {
  return (request, response) => {
    const query = new URL(request.url!, 'http://s3').searchParams;
    const after = query.get('continuation-token') ?? query.get('start-after');
    const from = after === null ? 0 : Number(after.slice(prefix.length)) + 1;
    const end = Math.min(count, from + Number(query.get('max-keys')));
    const keys = Array.from(
      { length: Math.max(0, end - from) },
      (_, i) => `${prefix}${String(from + i).padStart(8, '0')}`,
    );
    const contents = keys.map(
      (key) => `<Contents><Key>${key}</Key><ETag>&quot;${key}&quot;</ETag><Size>7</Size></Contents>`,
    );
    const next = end < count ? `<NextContinuationToken>${keys.at(-1)}</NextContinuationToken>` : '';
    response.end(
      `<?xml version="1.0"?><ListBucketResult><IsTruncated>${end < count}</IsTruncated>${contents.join('')}${next}</ListBucketResult>`,
    );
  };
}
