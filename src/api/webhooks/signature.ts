/** The signature by which a receiver knows that a delivery is the service's, and how old it is. Pure. */
import { createHmac } from 'node:crypto';

/** The value of `Forebay-Signature`: `t=<s>,v1=<hex>`, HMAC-SHA256 over `<s>.<body>`. `timestampS`: of the try, s since the epoch. */
export function signatureOf(secret: string, timestampS: number, body: string): string {
  const mac = createHmac('sha256', secret).update(`${timestampS}.${body}`).digest('hex');
  return `t=${timestampS},v1=${mac}`;
}
