/** Signs a delivery, so that its receiver can verify its sender and age. Pure. */
import { createHmac } from 'node:crypto';

/**
 * The value of `Forebay-Signature`: `t=<s>,v1=<hex>`, with the HMAC-SHA256 of `<s>.<body>`. `timestampS`: time of the
 * attempt, in seconds since the epoch.
 */
export function signatureOf(secret: string, timestampS: number, body: string): string {
  const mac = createHmac('sha256', secret).update(`${timestampS}.${body}`).digest('hex');
  return `t=${timestampS},v1=${mac}`;
}
