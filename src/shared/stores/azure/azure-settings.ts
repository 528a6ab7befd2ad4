/** Where a container of Azure is and how to reach it. Holds names of secrets, never secrets. */

/** Where credentials come from. `chain`: the variables that Azure's tools share. `none`: the container is public. */
export type AzureCredentialsSource =
  | 'chain'
  | 'none'
  | {
      /** Names of variables. One of them is given. */
      readonly env: {
        readonly connection_string?: string | undefined;
        readonly account_key?: string | undefined;
        readonly sas_token?: string | undefined;
      };
    };

export interface AzureSettings {
  /** The URLs that these settings are for start with this. */
  readonly match: string;
  /** The storage account. Null: the one that the credentials name. */
  readonly account: string | null;
  /**
   * The URL of the account's blobs. Null: the URL in the connection string, else https://ACCOUNT.blob.core.windows.net.
   */
  readonly endpoint: string | null;
  readonly credentials: AzureCredentialsSource;
}

/** An account ends up in a host name. */
export function isAccount(text: string): boolean {
  return /^[a-z0-9]{3,24}$/.test(text);
}
