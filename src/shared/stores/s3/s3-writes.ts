/**
 * Writes objects to S3. What is staged is a multipart upload that is not completed (docs/adr/0024). Aborting it fences its
 * writer.
 */
import type { Dispatcher } from 'undici';
import { ForebayError } from '../../errors.ts';
import { readBody } from '../../net/read-body.ts';
import { parseObjectUrl } from '../object-url.ts';
import { DELETION_MS, type PublishOutcome, type Staged, type WritableStore } from '../store.ts';
import type { S3Client } from './s3-client.ts';
import type { ListPages } from './s3-list-pages.ts';
import type { Trying } from '../remote/trying.ts';
import { readErrorBody, readUploadId, readUploadsPage } from './s3-xml.ts';

/** All parts of an upload except the last one must have at least 5 MB. */
const PART_BYTES = 8 * 1024 * 1024;
/** Slower connections are cut off. */
const SLOWEST_BYTES_PER_MS = 250;
const ANSWER_BYTES = { maxBytes: 16 * 1024 * 1024, maxRatio: Infinity };
const PAGE_UPLOADS = '1000';

export type S3Writes = Pick<
  WritableStore,
  'children' | 'discard' | 'prepareRemoval' | 'publish' | 'put' | 'remove' | 'stage' | 'staged'
>;

export function createS3Writes(client: S3Client, trying: Trying, listPages: ListPages): S3Writes {
  const { signal: never } = new AbortController();

  async function putBytes(
    url: string,
    query: Readonly<Record<string, string>>,
    body: Uint8Array | string,
  ): Promise<string> {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const moreMs = bytes.length / SLOWEST_BYTES_PER_MS;
    return trying(
      never,
      async ({ stop }) => {
        const request = { method: 'PUT', ...parseObjectUrl(url), query, body: bytes } as const;
        const { headers, body: answer } = await client.send(request, stop);
        await answer.dump();
        return typeof headers.etag === 'string' ? headers.etag : '';
      },
      moreMs,
    );
  }

  async function discard({ url, id }: Pick<Staged, 'url' | 'id'>): Promise<void> {
    await trying(never, async ({ stop }) => {
      const request = {
        method: 'DELETE',
        ...parseObjectUrl(url),
        query: { uploadId: id },
        answers: [404],
      } as const;
      await (await client.send(request, stop)).body.dump();
    });
  }

  async function begin(url: string): Promise<string> {
    return trying(never, async ({ stop }) => {
      const request = { method: 'POST', ...parseObjectUrl(url), query: { uploads: '' } } as const;
      return readUploadId(await textOf(await client.send(request, stop)));
    });
  }

  return {
    async stage(url, write) {
      const id = await begin(url);
      const tags: string[] = [];
      let kept: Uint8Array[] = [];
      let size = 0;
      const send = async () => {
        const body = kept.length === 1 ? kept[0]! : Buffer.concat(kept);
        kept = [];
        size = 0;
        tags.push(await putBytes(url, { partNumber: String(tags.length + 1), uploadId: id }, body));
      };
      try {
        const result = await write(async (bytes) => {
          kept.push(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
          size += kept.at(-1)!.length;
          if (size >= PART_BYTES) await send();
        });
        // Even an empty object has a part.
        if (size > 0 || tags.length === 0) await send();
        return { staged: { url, id, tags }, result };
      } catch (error) {
        await discard({ url, id }).catch(() => undefined);
        throw error;
      }
    },

    async publish({ url, id, tags }, mode) {
      const body = completion(tags);
      return trying(never, async ({ stop }): Promise<PublishOutcome> => {
        const response = await client.send(
          {
            method: 'POST',
            ...parseObjectUrl(url),
            query: { uploadId: id },
            headers: { 'content-type': 'application/xml', ...(mode === 'new' && { 'if-none-match': '*' }) },
            body,
            answers: [404, 409, 412],
          },
          stop,
        );
        const { statusCode } = response;
        // A failure that happens while the object is put together comes after status 200.
        const { code, message } = readErrorBody(await textOf(response));
        if (statusCode === 412 || code === 'PreconditionFailed') return 'exists';
        if (code === 'NoSuchUpload') return 'gone';
        if (statusCode === 200 && code === '') return 'stored';
        throw new ForebayError('fetch_unavailable', `S3 did not publish ${url}: ${code} ${message}`);
      });
    },

    discard,

    async *staged(prefix, signal) {
      const { bucket, key: keyPrefix } = parseObjectUrl(prefix);
      let place: Readonly<Record<string, string>> = {};
      for (;;) {
        const page = await trying(signal, async ({ stop }) => {
          const query = { uploads: '', prefix: keyPrefix, 'max-uploads': PAGE_UPLOADS, ...place };
          const request = { method: 'GET', bucket, key: null, url: prefix, query } as const;
          return readUploadsPage(await textOf(await client.send(request, stop)));
        });
        for (const { key, id, startedAt } of page.uploads) {
          yield { url: `s3://${bucket}/${key}`, id, stagedAt: startedAt ?? 0 };
        }
        if (page.next === null) return;
        place = page.next;
      }
    },

    async *children(prefix, signal) {
      const { key: keyPrefix } = parseObjectUrl(prefix);
      const folder = keyPrefix.slice(0, keyPrefix.lastIndexOf('/') + 1);
      for await (const { objects, folders } of listPages(prefix, { delimiter: '/' }, signal)) {
        for (const { key, size, writtenAt } of objects) {
          // Some tools mark a folder with an empty object.
          if (key !== folder) {
            yield { name: key.slice(folder.length), isFolder: false, bytes: size, writtenAt };
          }
        }
        for (const key of folders) {
          yield { name: key.slice(folder.length, -1), isFolder: true, bytes: null, writtenAt: null };
        }
      }
    },

    async put(url, body) {
      await putBytes(url, {}, body);
    },

    async remove(url) {
      await trying(never, async ({ stop }) => {
        const request = { method: 'DELETE', ...parseObjectUrl(url), answers: [404] } as const;
        await (await client.send(request, stop)).body.dump();
      });
    },

    async prepareRemoval(url, ageMs = 0) {
      const request = { method: 'DELETE', ...parseObjectUrl(url), answers: [404, 403, 400] } as const;
      const send = await client.prepare(request, { validMs: DELETION_MS, ageMs });
      return async () =>
        trying(never, async ({ stop }) => {
          const response = await send(stop);
          const text = await textOf(response);
          if (response.statusCode < 300 || response.statusCode === 404) return true;
          const { code, message } = readErrorBody(text);
          if (/expired/i.test(`${code} ${message}`)) return false;
          throw new ForebayError(
            'access_denied',
            `S3 does not let Forebay delete ${url}: ${code} ${message}`,
          );
        });
    },
  };
}

async function textOf(response: Dispatcher.ResponseData): Promise<string> {
  return Buffer.from(await readBody(response, ANSWER_BYTES)).toString('utf8');
}

function completion(tags: readonly string[]): string {
  const parts = tags.map(
    (tag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${escaped(tag)}</ETag></Part>`,
  );
  return `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`;
}

function escaped(tag: string): string {
  return tag.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
