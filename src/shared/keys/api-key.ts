/**
 * The text of an API key, `fbk_<id>_<secret>`, and the comparison of secrets.
 *
 * A secret is 32 random bytes, so one round of SHA-256 is enough. Slow hashes protect passwords from guessing, but 256
 * random bits cannot be guessed. A fast hash keeps requests cheap.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { sha256 } from '../text/sha256.ts';

const SECRET_BYTES = 32;
const ID_BYTES = 8;
/** 16 hex digits, then 43 characters of base64url for 32 bytes. */
const FORM = /^fbk_([0-9a-f]{16})_([\w-]{43})$/;

export interface ApiKey {
  /** Names the key in lists and logs. It is not secret. */
  readonly id: string;
  readonly secret: string;
}

export function newApiKey(): ApiKey {
  return {
    id: randomBytes(ID_BYTES).toString('hex'),
    secret: randomBytes(SECRET_BYTES).toString('base64url'),
  };
}

export function keyText({ id, secret }: ApiKey): string {
  return `fbk_${id}_${secret}`;
}

/** Null for text that cannot be a key. */
export function parseKey(text: string): ApiKey | null {
  const parts = FORM.exec(text);
  return parts && { id: parts[1]!, secret: parts[2]! };
}

/** SHA-256 of a secret, hex. */
export function hashSecret(secret: string): string {
  return sha256(secret);
}

/** Whether a secret has this hash. Takes constant time, wherever the hashes differ. */
export function secretMatches(secret: string, hash: string): boolean {
  const given = createHash('sha256').update(secret).digest();
  const kept = Buffer.from(hash, 'hex');
  return kept.length === given.length && timingSafeEqual(given, kept);
}
