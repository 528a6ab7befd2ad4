/**
 * API keys in Redis: one Redis hash from the id to a record with the hash of the secret. A revoked key is deleted, so
 * the next request with it fails on every replica.
 */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { SCOPES, type Scope } from '../domain/scope.ts';
import { TENANT } from '../domain/tenant.ts';
import { ForebayError } from '../errors.ts';
import { indexKeys } from '../queue/keys.ts';
import { hashSecret, keyText, newApiKey, parseKey, secretMatches } from './api-key.ts';

const RECORD = z.object({
  v: z.literal(1),
  name: z.string(),
  tenant: TENANT,
  /** A newer version may know more scopes. They allow nothing here. */
  scopes: z.array(z.string()).transform((all) => SCOPES.filter((scope) => all.includes(scope))),
  /** SHA-256 of the secret, hex. */
  hash: z.string(),
  created_at: z.number(),
  expires_at: z.number().nullable(),
});

/** The public facts about a key. Times are milliseconds since the epoch. */
export interface KeyRecord {
  readonly id: string;
  readonly name: string;
  readonly tenant: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

export interface NewKey {
  readonly name: string;
  readonly tenant: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: number | null;
}

/** `valid`: at least one key can be used. `expired`: keys exist, but all have expired. */
export type KeysState = 'none' | 'expired' | 'valid';

export type KeyStore = ReturnType<typeof createKeyStore>;

/** Keys with an unknown id are compared with this hash, so that every check takes the same time. No key matches it. */
const NOBODY = hashSecret('');

export function createKeyStore(deps: { redis: Redis; now?: () => number }) {
  const { redis } = deps;
  const now = deps.now ?? Date.now;

  async function list(): Promise<KeyRecord[]> {
    const all = await redis.hgetall(indexKeys.keys);
    return Object.entries(all)
      .map(([id, text]) => toRecord(id, parse(text)))
      .toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  }

  return {
    list,

    /** `text` is the key itself, which is never shown again. */
    async create(key: NewKey): Promise<{ text: string; record: KeyRecord }> {
      const made = newApiKey();
      const kept: z.infer<typeof RECORD> = {
        v: 1,
        name: key.name,
        tenant: key.tenant,
        scopes: [...key.scopes],
        hash: hashSecret(made.secret),
        created_at: now(),
        expires_at: key.expiresAt,
      };
      await redis.hset(indexKeys.keys, made.id, JSON.stringify(kept));
      return { text: keyText(made), record: toRecord(made.id, kept) };
    },

    /** Takes effect with the next request. Throws ForebayError `key_not_found`. */
    async revoke(id: string): Promise<void> {
      if ((await redis.hdel(indexKeys.keys, id)) === 1) return;
      throw new ForebayError('key_not_found', `There is no key "${id}". List the keys to see their ids.`);
    },

    /** The record of a key. Null if it is malformed, unknown, revoked, expired or has another secret. */
    async verify(text: string): Promise<KeyRecord | null> {
      const key = parseKey(text);
      if (!key) return null;
      const found = await redis.hget(indexKeys.keys, key.id);
      const kept = found === null ? null : parse(found);
      const right = secretMatches(key.secret, kept?.hash ?? NOBODY);
      if (!kept || !right || isOver(kept.expires_at)) return null;
      return toRecord(key.id, kept);
    },

    async state(): Promise<KeysState> {
      const keys = await list();
      if (keys.length === 0) return 'none';
      return keys.every((key) => isOver(key.expiresAt)) ? 'expired' : 'valid';
    },
  };

  function isOver(expiresAt: number | null): boolean {
    return expiresAt !== null && expiresAt <= now();
  }
}

function parse(text: string): z.infer<typeof RECORD> {
  return RECORD.parse(JSON.parse(text));
}

function toRecord(id: string, kept: z.infer<typeof RECORD>): KeyRecord {
  const { name, tenant, scopes, created_at: createdAt, expires_at: expiresAt } = kept;
  return { id, name, tenant, scopes, createdAt, expiresAt };
}
