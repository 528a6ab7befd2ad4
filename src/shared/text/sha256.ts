import { hash } from 'node:crypto';

/** The hash of all of `bytes`, in hexadecimal. */
export function sha256(bytes: Uint8Array | string): string {
  return hash('sha256', bytes, 'hex');
}
