/** Computes a model's identity: one SHA-256 over every file that determines its answers, in constant memory. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { ModelConfig } from '../domain/model/model-config.ts';
import type { ContentMemo, ModelFile } from './content-memo.ts';
import type { ExternalFile } from './graph-files.ts';
import type { NamedModelFile } from './named-files.ts';
import { isJsonObject } from '../text/is-json-object.ts';

/** Marks external data. It cannot be a length, so it cannot be confused with a file that the config names. */
const EXTERNAL_DATA = Buffer.alloc(8, 0xff);

/**
 * Hex SHA-256. It covers the config (canonical JSON, defaults filled in, but not how online rows are batched), the entry (a
 * graph or a module) and the named files, each with its length before it. Then come the location, size and SHA-256 of
 * each external file. `memo` knows the hashes of files that were read before.
 */
export async function hashModel(
  parts: {
    readonly config: ModelConfig;
    /** Null for a pipeline, whose config holds the hashes of its models. */
    readonly entry: ModelFile | null;
    readonly external: readonly ExternalFile[];
    readonly named: readonly NamedModelFile[];
  },
  memo: ContentMemo,
): Promise<string> {
  const { entry, external, named } = parts;
  const config = Buffer.from(canonicalJson(hashedConfig(parts.config)));
  const find = async () => {
    const hash = createHash('sha256');
    prefix(hash, config.length).update(config);
    prefix(hash, entry?.size ?? 0);
    if (entry !== null) await addContent(hash, entry);
    for (const file of named) {
      prefix(hash, file.size);
      await addContent(hash, file);
    }
    for (const file of external) {
      const location = Buffer.from(file.location);
      prefix(hash.update(EXTERNAL_DATA), location.length).update(location);
      prefix(hash, file.size).update(await memo.of('digest', [file], async () => digestOf(file)));
    }
    return hash.digest('hex');
  };
  return memo.of(
    'hash',
    [...(entry === null ? [] : [entry]), ...external, ...named],
    find,
    config.toString(),
  );
}

/** Without what only decides when online rows leave. A model that answers the same has the same identity. */
function hashedConfig(config: ModelConfig): object {
  const batching = { ...config.batching };
  delete batching.online;
  return { ...config, batching };
}

async function digestOf(file: ModelFile): Promise<Buffer> {
  const hash = createHash('sha256');
  await addContent(hash, file);
  return hash.digest();
}

async function addContent(hash: Hash, { path }: ModelFile): Promise<void> {
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
}

function prefix(hash: Hash, length: number): Hash {
  const head = Buffer.alloc(8);
  head.writeBigUInt64BE(BigInt(length));
  return hash.update(head);
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, v: unknown) =>
    isJsonObject(v) ? Object.fromEntries(Object.entries(v).toSorted(([a], [b]) => (a < b ? -1 : 1))) : v,
  );
}
