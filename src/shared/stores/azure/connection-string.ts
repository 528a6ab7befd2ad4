/** Reads a connection string of Azure: `AccountName=...;AccountKey=...`. Pure. */
import { ForebayError } from '../../errors.ts';

export interface Connection {
  readonly account: string | null;
  readonly endpoint: string | null;
  readonly key: string | null;
  readonly sas: string | null;
}

/** The account of every emulator, which is no secret. */
const EMULATOR =
  'AccountName=devstoreaccount1;BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;' +
  'AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/** Throws ForebayError `access_denied`, which does not repeat the text. */
export function parseConnectionString(text: string): Connection {
  const fields = fieldsOf(text);
  if (fields.get('usedevelopmentstorage')?.toLowerCase() === 'true') return parseConnectionString(EMULATOR);
  const account = fields.get('accountname') ?? null;
  const protocol = fields.get('defaultendpointsprotocol') ?? 'https';
  const suffix = fields.get('endpointsuffix') ?? 'core.windows.net';
  const named = fields.get('blobendpoint') ?? null;
  const key = fields.get('accountkey') ?? null;
  const sas = fields.get('sharedaccesssignature') ?? null;
  if ((account === null && named === null) || (key === null && sas === null)) {
    throw new ForebayError(
      'access_denied',
      'the connection string for Azure lacks AccountName or BlobEndpoint, or has neither AccountKey nor SharedAccessSignature',
    );
  }
  return { account, key, sas, endpoint: named ?? `${protocol}://${account}.blob.${suffix}` };
}

function fieldsOf(text: string): Map<string, string> {
  const pairs = text.split(';').map((pair) => {
    const equals = pair.indexOf('=');
    return [pair.slice(0, equals).trim().toLowerCase(), pair.slice(equals + 1).trim()] as const;
  });
  return new Map(pairs.filter(([, value]) => value !== ''));
}
