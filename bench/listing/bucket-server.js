/**
 * A server with one bucket that stores nothing. It makes each page of a listing (ListObjectsV2) from the number of keys
 * in the prefix, and returns the same picture for every object. It is a separate process, so that it does not slow its
 * client.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [picture] = process.argv.slice(2);
const body = readFileSync(picture);
const ETAG = '"0123456789abcdef0123456789abcdef"';
const WRITTEN = '2026-01-01T00:00:00.000Z';
const seen = { pages: 0, keys: 0 };

/** How long a page takes from a store that is not on this machine. */
const SLOW_MS = 100;

/**
 * `keys-1000000/` has a million keys: `keys-1000000/00000000.jpg` and so on. `slow-keys-1000000/` has the
 * same keys, and takes SLOW_MS per page.
 */
function listPage(query) {
  const prefix = query.get('prefix') ?? '';
  const total = Number(/^(?:slow-)?keys-(\d+)\//.exec(prefix)?.[1] ?? 0);
  const after = query.get('continuation-token') ?? query.get('start-after');
  const from = after === null ? 0 : Number(/(\d+)\.jpg$/.exec(after)?.[1] ?? -1) + 1;
  const end = Math.min(total, from + Number(query.get('max-keys') ?? 1000));
  const entries = [];
  let last = '';
  for (let i = from; i < end; i++) {
    last = `${prefix}${String(i).padStart(8, '0')}.jpg`;
    entries.push(
      `<Contents><Key>${last}</Key><LastModified>${WRITTEN}</LastModified><ETag>${ETAG}</ETag><Size>${body.length}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
    );
  }
  seen.pages += 1;
  seen.keys += entries.length;
  const next = end < total ? `<NextContinuationToken>${last}</NextContinuationToken>` : '';
  return `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><Prefix>${prefix}</Prefix><KeyCount>${entries.length}</KeyCount><IsTruncated>${end < total}</IsTruncated>${next}${entries.join('')}</ListBucketResult>`;
}

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://bucket');
  if (pathname === '/seen') return response.end(JSON.stringify(seen));
  if (searchParams.has('list-type')) {
    const send = () =>
      response.writeHead(200, { 'content-type': 'application/xml' }).end(listPage(searchParams));
    return searchParams.get('prefix')?.startsWith('slow-') ? setTimeout(send, SLOW_MS) : send();
  }
  response.writeHead(200, { etag: ETAG, 'content-length': body.length, 'content-type': 'image/jpeg' });
  return response.end(request.method === 'HEAD' ? undefined : body);
});
server.listen(0, '127.0.0.1', () => process.send({ url: `http://127.0.0.1:${server.address().port}` }));
process.on('disconnect', () => process.exit(0));
