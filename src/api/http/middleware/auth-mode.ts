/** Decides at startup whether requests need a key. An API that others can reach does not start without a valid key. */
import ipaddr from 'ipaddr.js';
import { ForebayError } from '../../../shared/errors.ts';
import type { KeysState } from '../../../shared/keys/key-store.ts';

export type AuthSetting = 'on' | 'off' | 'auto';

/**
 * `auto`: requests need a key beyond loopback, and on loopback if a key exists now. Even an expired key counts, so that
 * an API does not open to everybody when its keys expire. `keysState` is called only if needed. Rejects with
 * ForebayError `keys_required` beyond loopback if there is no valid key.
 */
export async function needsKeys(options: {
  readonly setting: AuthSetting;
  /** Address that the API is about to listen on. */
  readonly host: string;
  readonly keysState: () => Promise<KeysState>;
}): Promise<boolean> {
  const { setting, host } = options;
  if (setting === 'off') return false;
  const local = isLoopback(host);
  if (local && setting === 'on') return true;
  const state = await options.keysState();
  if (local) return state !== 'none';
  if (state === 'valid') return true;
  throw new ForebayError(
    'keys_required',
    `The API does not start on ${host || 'all addresses'}, because others could reach it there and ${
      state === 'none' ? 'no API key exists' : 'all API keys have expired'
    }. ` +
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
