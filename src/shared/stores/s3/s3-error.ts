/** What an error response of S3 means for a row, and what the user can do about it. Pure. */
import { ForebayError, type ErrorCode } from '../../errors.ts';
import { isTemporary } from '../../net/temporary-status.ts';

export interface S3Failure {
  readonly status: number;
  /** The code in the body. Empty if there is no body, as for HEAD. */
  readonly code: string;
  readonly message: string;
  /** The object, or the bucket. */
  readonly url: string;
  readonly endpoint: string;
  /** The region that the server names. Null: none. */
  readonly region: string | null;
  /** Whether the request changes something. */
  readonly writes?: boolean;
  readonly retryAfterS?: number;
}

const BUSY: ReadonlySet<string> = new Set([
  'RequestTimeout',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'RequestLimitExceeded',
  'TooManyRequests',
]);

/** A 403 has no code in its body if it answers a HEAD. */
const DENIED: Readonly<Record<string, (failure: S3Failure) => string>> = {
  InvalidAccessKeyId: ({ endpoint }) =>
    `${endpoint} does not know the access key. Check the credentials of the process`,
  SignatureDoesNotMatch: ({ endpoint }) =>
    `${endpoint} refuses the signature. Check the secret key, and that a proxy does not change requests`,
  ExpiredToken: () => 'the session token has expired. Give the process new credentials',
  InvalidToken: () => 'the session token is not valid. Give the process new credentials',
  RequestTimeTooSkewed: ({ endpoint }) =>
    `the clock of this machine differs too much from that of ${endpoint}. Set it, for example with NTP`,
  AccessDenied: (failure) =>
    failure.writes === true
      ? `${failure.endpoint} denies a change of ${failure.url}. Allow the credentials of the process to put, get, list and delete objects there, and to list and abort multipart uploads`
      : `${failure.endpoint} denies access to ${failure.url}. Allow the credentials of the process to get objects and list the bucket. ` +
        'S3 gives the same answer for a missing key if the credentials may not list',
};
const CODE_OF_DENIAL = /^(AllAccessDisabled|AccountProblem|NotSignedUp|AuthorizationHeaderMalformed)$/;

export function s3Error(failure: S3Failure): ForebayError {
  const { status, code, url, endpoint, region } = failure;
  const fail = (as: ErrorCode, message: string) =>
    new ForebayError(
      as,
      message,
      failure.retryAfterS === undefined ? {} : { retryAfterS: failure.retryAfterS },
    );
  const said = code === '' ? `status ${status}` : `${code}: ${failure.message}`;
  if (code === 'NoSuchBucket') {
    return fail(
      'file_not_found',
      `the bucket of ${url} does not exist at ${endpoint}. Check its name, and the endpoint in FOREBAY_STORES or AWS_ENDPOINT_URL`,
    );
  }
  if (status === 404) return fail('file_not_found', `${url} does not exist`);
  if (status === 412) {
    return fail(
      'dataset_changed',
      `${url} changed after the job listed it. Retry the job to read its present content`,
    );
  }
  if (code === 'InvalidObjectState') {
    return fail('file_unreadable', `${url} is in an archive. Restore it, then retry the job`);
  }
  if (region !== null) {
    return fail('fetch_status', `${url} lies in the region ${region}. Name this region in FOREBAY_STORES`);
  }
  if (status === 301 || status === 307) {
    return fail(
      'fetch_status',
      `${url} lies in another region. Name its region in FOREBAY_STORES or AWS_REGION`,
    );
  }
  const denied = DENIED[code] ?? (status === 403 && code === '' ? DENIED['AccessDenied'] : undefined);
  if (denied !== undefined) return fail('access_denied', denied(failure));
  if (isTemporary(status) || BUSY.has(code)) return fail('fetch_unavailable', `${endpoint} answers ${said}`);
  if (status === 401 || status === 403 || CODE_OF_DENIAL.test(code)) {
    return fail('access_denied', `${endpoint} denies access to ${url}: ${said}`);
  }
  return fail('fetch_status', `${endpoint} refuses the request for ${url}: ${said}`);
}
