/** Where a bucket is and how to reach it. Holds names of secrets, never secrets. */

/** Where credentials come from. `chain`: the usual chain of AWS tools. `none`: requests are not signed. */
export type CredentialsSource =
  | 'chain'
  | 'none'
  | { readonly profile: string }
  | {
      readonly env: {
        readonly access_key: string;
        readonly secret_key: string;
        readonly session_token?: string | undefined;
      };
    };

export interface S3Settings {
  /** The URLs that these settings are for start with this. */
  readonly match: string;
  /** Null: AWS. */
  readonly endpoint: string | null;
  /** Null: us-east-1, until AWS names the region of the bucket. */
  readonly region: string | null;
  /** Whether the bucket is in the path of a request, not in its host name. Null: for all endpoints except AWS. */
  readonly pathStyle: boolean | null;
  readonly credentials: CredentialsSource;
}

/** A region ends up in a host name. */
export function isRegion(text: string): boolean {
  return /^[a-z0-9-]{1,40}$/.test(text);
}
