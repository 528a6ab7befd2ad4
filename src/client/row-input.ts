/** The input of a row, as the service sends it. */
import type { InputVersion } from '../api/http/wire/row-input.ts';

export interface RowInput {
  /** `application/json` for a record. Otherwise the type that the first bytes show. */
  readonly type: string;
  readonly blob: Blob;
  /** `same`: it is known to be what the job has read. `unknown`: it may have changed since. */
  readonly version: InputVersion;
}

export async function readRowInput(response: Response): Promise<RowInput> {
  return {
    type: response.headers.get('Content-Type') ?? 'application/octet-stream',
    version: response.headers.get('X-Input-Version') === 'same' ? 'same' : 'unknown',
    blob: await response.blob(),
  };
}
