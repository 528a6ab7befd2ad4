/**
 * Opens sockets for undici, filtering at connect time: the address that is checked is the one connected to,
 * so neither redirects nor changing DNS answers lead past the filter. Knows nothing of HTTP.
 */
import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { ForebayError } from '../errors.ts';
import type { AddressFilter } from './address-filter.ts';

/** All addresses of a name, as `dns.lookup` with `all: true` gives them. */
export type LookupAll = (
  host: string,
  options: { readonly all: true; readonly family?: number | string | undefined },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface GuardedConnectorOptions {
  readonly filter: AddressFilter;
  /** Milliseconds for one TCP or TLS handshake. */
  readonly timeoutMs: number;
  readonly lookup?: LookupAll;
}

export function createGuardedConnector(options: GuardedConnectorOptions): buildConnector.connector {
  const { filter, timeoutMs, lookup = systemLookup as LookupAll } = options;
  const connect = buildConnector({ timeout: timeoutMs, lookup: filteredLookup(filter, lookup) } as object);
  return (target, done) => {
    const host = target.hostname.replace(/^\[|\]$/g, '');
    // Node looks up no name for an IP literal, so the lookup below would never see it.
    if (isIP(host) !== 0 && !filter.allowsAddress(host)) return done(refusal(host), null);
    return connect(target, done);
  };
}

function filteredLookup(filter: AddressFilter, lookup: LookupAll): LookupFunction {
  return (host, { family, all }, done) => {
    lookup(host, { all: true, family }, (error, addresses) => {
      if (error !== null) return done(error, '');
      const allowed = filter.allowsHost(host)
        ? addresses
        : addresses.filter(({ address }) => filter.allowsAddress(address));
      const first = allowed[0];
      if (first === undefined) return done(refusal(host), '');
      return all === true ? done(null, allowed) : done(null, first.address, first.family);
    });
  };
}

/** Says nothing of what the name resolved to: that would tell outsiders about the inner network. */
function refusal(host: string): ForebayError {
  return new ForebayError(
    'url_not_allowed',
    `${host} is not a public address. The operator can allow the host or its network for URL rows.`,
  );
}
