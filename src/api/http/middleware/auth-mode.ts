/** Decides at the start whether requests need a key, and refuses to open an API without keys to others. */
import ipaddr from 'ipaddr.js';
import { ForebayError } from '../../../shared/errors.ts';

export type AuthSetting = 'on' | 'off' | 'auto';

/**
 * `auto`: beyond loopback, and wherever a key exists. `anyKey` is asked only where it matters.
 * @throws ForebayError `keys_required` beyond loopback without a key.
 */
export async function needsKeys(options: {
  readonly setting: AuthSetting;
  /** Address that the API is about to listen on. */
  readonly host: string;
  readonly anyKey: () => Promise<boolean>;
}): Promise<boolean> {
  const { setting, host } = options;
  if (setting === 'off') return false;
  const here = isLoopback(host);
  if (here && setting === 'on') return true;
  if (await options.anyKey()) return true;
  if (here) return false;
  throw new ForebayError(
    'keys_required',
    `The API does not start on ${host || 'all addresses'}: others could reach it there, and there is no API key to tell them apart. ` +
      'Either make one first: forebay keys create --name NAME --scope admin (with the same REDIS_URL or --data). ' +
      'Or let anybody in on purpose: --insecure, which is FOREBAY_AUTH=off.',
  );
}

/** What cannot be told to be loopback, a name say, is not. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  // Nothing but whole addresses: ipaddr.js also reads 0x7f.1.
  if (!/^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:.]*)$/i.test(host)) return false;
  return ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback';
}
