/** Explains the fix if a connection to Redis fails because of TLS. Knows nothing of connections. */
import { messageOf } from '../errors.ts';

const OUT_OF_DATE = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'];
/** OpenSSL's codes for a certificate chain that this process does not trust. */
const UNTRUSTED =
  /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(_LOCALLY)?)|CERT_(UNTRUSTED|SIGNATURE_FAILURE))$/;

/** Why a connection failed, with the fix if TLS is the cause. */
export function withTlsAdvice(error: unknown): string {
  const advice = tlsAdvice(error);
  return advice === null ? messageOf(error) : `${messageOf(error)}: ${advice}`;
}

/** A clause without a full stop. Null: TLS is not the cause. */
export function tlsAdvice(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (UNTRUSTED.test(code)) {
    return 'this process does not trust the authority that signed its certificate; set NODE_EXTRA_CA_CERTS to the PEM file of that authority and start again';
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return 'its certificate is for another name; use a name of the certificate in REDIS_URL';
  }
  if (OUT_OF_DATE.includes(code)) return "renew its certificate, or correct this machine's clock";
  return null;
}
