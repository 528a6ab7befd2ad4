/**
 * Opens sockets for undici and filters their addresses. It connects to the address that it has checked, so neither
 * redirects nor changing DNS answers can bypass the filter. Knows nothing of HTTP.
 */
import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { ForebayError } from '../errors.ts';
import type { AddressFilter } from './address-filter.ts';

/** Finds all addresses of a name, like `dns.lookup` with `all: true`. */
export type LookupAll = (
  host: string,
  options: { readonly all: true; readonly family?: number | string | undefined },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface GuardedConnectorOptions {
  readonly filter: AddressFilter;
  /** Milliseconds to open a connection, including its TLS handshake. */
  readonly timeoutMs: number;
  readonly lookup?: LookupAll;
}

export function createGuardedConnector(options: GuardedConnectorOptions): buildConnector.connector {
  const { filter, timeoutMs, lookup = systemLookup as LookupAll } = options;
  const connect = buildConnector({ timeout: timeoutMs, lookup: filteredLookup(filter, lookup) } as object);
  return (target, done) => {
    const host = target.hostname.replace(/^\[|\]$/g, '');
    // Node does not look up an IP literal, so the filtered lookup would never see it.
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

/** Hides the address that the name resolved to, because it would reveal the internal network to outsiders. */
function refusal(host: string): ForebayError {
  return new ForebayError(
    'url_not_allowed',
    `${host} is not a public address. The operator can allow the host or its network for URL rows.`,
  );
}
