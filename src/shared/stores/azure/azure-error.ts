/** What an error response of Azure means for a row, and what the user can do about it. Pure. */
import { ForebayError, type ErrorCode } from '../../errors.ts';
import { isTemporary } from '../../net/temporary-status.ts';

export interface AzureFailure {
  readonly status: number;
  /** Empty if the server gives none. */
  readonly code: string;
  readonly message: string;
  /** The blob, or the container. */
  readonly url: string;
  readonly endpoint: string;
  /** Whether the request changes something. */
  readonly writes?: boolean;
  readonly retryAfterS?: number;
}

const MISMATCH =
  /^Authorization(PermissionMismatch|Failure|ServiceMismatch|ResourceTypeMismatch)$|^InsufficientAccountPermissions$/;

function denial({ code, message, url, endpoint, writes, status }: AzureFailure): string | null {
  if (code === 'AuthenticationFailed') {
    if (/not valid in the specified time frame|signature not valid.*time|expired/i.test(message)) {
      return `the SAS token has expired or is not valid yet. Give the process a new one, and check its clock`;
    }
    return /date header/i.test(message)
      ? `the clock of this machine differs too much from that of ${endpoint}. Set it, for example with NTP`
      : `${endpoint} refuses the credentials. Check the account's name, the account key or the SAS token, and that a proxy does not change requests`;
  }
  if (MISMATCH.test(code)) {
    const role = writes === true ? 'Storage Blob Data Contributor' : 'Storage Blob Data Reader';
    const rights = writes === true ? 'read, write, delete and list' : 'read and list';
    return `${endpoint} denies ${writes === true ? 'a change of' : 'access to'} ${url}. Give the process the role "${role}", or a SAS token that may ${rights}. A firewall of the account gives the same answer`;
  }
  if (code === 'NoAuthenticationInformation' || code === 'PublicAccessNotPermitted') {
    return `${url} is not public. Set credentials for Azure, see docs/stores.md`;
  }
  if (code === 'InvalidAuthenticationInfo') {
    return `${endpoint} refuses the credentials. Check that the token is for this tenant and for storage`;
  }
  if (status !== 401 && status !== 403) return null;
  return `${endpoint} denies access to ${url}: ${code === '' ? `status ${status}` : `${code}: ${message}`}`;
}

export function azureError(failure: AzureFailure): ForebayError {
  const { status, code, message, url, endpoint, retryAfterS } = failure;
  const fail = (as: ErrorCode, text: string) =>
    new ForebayError(as, text, retryAfterS === undefined ? {} : { retryAfterS });
  const said = code === '' ? `status ${status}` : `${code}: ${message}`;
  if (code === 'ContainerNotFound' || code === 'ContainerBeingDeleted') {
    return fail(
      'file_not_found',
      `the container of ${url} does not exist at ${endpoint}. Check its name, and the account in FOREBAY_STORES or AZURE_STORAGE_ACCOUNT`,
    );
  }
  const denied = denial(failure);
  if (denied !== null) return fail('access_denied', denied);
  // The answer for a private container to requests without credentials.
  if (code === 'ResourceNotFound') return fail('file_not_found', `${url} does not exist, or is not public`);
  if (status === 404) return fail('file_not_found', `${url} does not exist`);
  if (status === 412 && code === 'ConditionNotMet') {
    return fail(
      'dataset_changed',
      `${url} changed after the job listed it. Retry the job to read its present content`,
    );
  }
  if (code === 'BlobArchived' || code === 'BlobBeingRehydrated') {
    return fail('file_unreadable', `${url} is in the archive tier. Rehydrate it, then retry the job`);
  }
  if (isTemporary(status)) return fail('fetch_unavailable', `${endpoint} answers ${said}`);
  return fail('fetch_status', `${endpoint} refuses the request for ${url}: ${said}`);
}
