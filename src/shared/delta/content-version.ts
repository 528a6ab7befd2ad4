/** The version of a row by its content. */
import { hash } from 'node:crypto';

/** 132 bits of a SHA-256, which no two rows of a dataset share by chance or by design. */
const CHARS = 22;

export function contentVersion(content: Uint8Array | string): string {
  return hash('sha256', content, 'base64url').slice(0, CHARS);
}
