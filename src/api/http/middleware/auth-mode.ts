/** Decides at startup whether requests need a key. An API that others can reach does not start if no key exists. */
import ipaddr from 'ipaddr.js';
import { ForebayError } from '../../../shared/errors.ts';

export type AuthSetting = 'on' | 'off' | 'auto';

/**
 * `auto`: requests need a key beyond loopback, and on loopback if a key exists now. `anyKey` is called only if needed.
 * Rejects with ForebayError `keys_required` beyond loopback if no key exists.
 */
export async function needsKeys(options: {
  readonly setting: AuthSetting;
  /** Address that the API is about to listen on. */
  readonly host: string;
  readonly anyKey: () => Promise<boolean>;
}): Promise<boolean> {
  const { setting, host } = options;
  if (setting === 'off') return false;
  const local = isLoopback(host);
  if (local && setting === 'on') return true;
  if (await options.anyKey()) return true;
  if (local) return false;
  throw new ForebayError(
    'keys_required',
    `The API does not start on ${host || 'all addresses'}, because others could reach it there and no API key exists. ` +
      'Either create a key first: forebay keys create --name NAME --scope admin (with the same REDIS_URL or --data). ' +
      'Or open the service to everybody on purpose: --insecure, which is FOREBAY_AUTH=off.',
  );
}

/** Every host name except `localhost` counts as an address that others can reach. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  // Accepts only complete addresses. ipaddr.js also reads short forms such as 0x7f.1.
  if (!/^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:.]*)$/i.test(host)) return false;
  return ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback';
}
