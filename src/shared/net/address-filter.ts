/**
 * Decides which network addresses a user's URL may lead to: public ones, and those that the operator allows by name or
 * range. Pure. guarded-connector.ts applies it to sockets.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { ForebayError } from '../errors.ts';

export interface AddressFilter {
  /** Whether the operator trusts this name, whatever its address. */
  allowsHost(host: string): boolean;
  /** `address`: an IP address in the form that sockets use. Any other text is refused. */
  allowsAddress(address: string): boolean;
}

/** The setting that an allow-list comes from. */
export type AllowSetting = 'FOREBAY_FETCH_ALLOW' | 'FOREBAY_WEBHOOK_ALLOW';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Global unicast, the only public IPv6 range (IANA). All others are local, multicast, translated or unassigned. */
const GLOBAL_V6 = ipaddr.IPv6.parseCIDR('2000::/3');
/** NAT64 (RFC 6052). Such an address reaches the IPv4 address in its last 32 bits. */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
/**
 * Azure's host agent, which hands out metadata and credentials. The address is public, but leads only to the internal
 * service.
 */
const AZURE_HOST = '168.63.129.16';

/**
 * `allow`: CIDRs (`10.1.0.0/16`), addresses, host names (`images.internal`), or `*.` and a domain, which allows all
 * names below the domain. Throws ForebayError `config_invalid` that names `setting` and every bad entry.
 */
export function createAddressFilter(allow: readonly string[], setting: AllowSetting): AddressFilter {
  const ranges: [Address, number][] = [];
  const hosts = new Set<string>();
  const domains: string[] = [];
  const bad: string[] = [];
  for (const entry of allow.map((text) => text.trim().toLowerCase())) {
    if (ipaddr.isValidCIDR(entry)) ranges.push(ipaddr.parseCIDR(entry));
    else if (ipaddr.IPv4.isValidFourPartDecimal(entry)) ranges.push([ipaddr.IPv4.parse(entry), 32]);
    else if (ipaddr.IPv6.isValid(entry)) ranges.push([ipaddr.IPv6.parse(entry), 128]);
    else if (!/^(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9])?$/.test(entry) || /^[0-9.]+$/.test(entry))
      bad.push(entry);
    else if (entry.startsWith('*.')) domains.push(entry.slice(1));
    else hosts.add(entry);
  }
  if (bad.length > 0) {
    throw new ForebayError(
      'config_invalid',
      `${setting} has entries that are not a CIDR, an address or a host name: ${bad.map((entry) => `"${entry}"`).join(', ')}.`,
    );
  }

  const listed = (address: Address) =>
    ranges.some(([range, bits]) => range.kind() === address.kind() && address.match(range, bits));

  return {
    allowsHost(host) {
      const name = host.toLowerCase().replace(/\.$/, '');
      return hosts.has(name) || domains.some((domain) => name.endsWith(domain));
    },
    allowsAddress(text) {
      // On its own, ipaddr.js would accept short forms such as 1.2.3.
      if (isIP(text) === 0 || !ipaddr.isValid(text)) return false;
      const address = ipaddr.parse(text);
      const inner = innerOf(address);
      return listed(address) || listed(inner) || isPublic(inner);
    },
  };
}

/** The IPv4 address behind a mapped (`::ffff:`), compatible (`::`) or NAT64 address, else the address itself. */
function innerOf(address: Address): Address {
  if (!(address instanceof ipaddr.IPv6)) return address;
  const compatible = address.parts.slice(0, 6).every((part) => part === 0);
  if (!compatible && !address.isIPv4MappedAddress() && !address.match(NAT64)) return address;
  return new ipaddr.IPv4(address.toByteArray().slice(12));
}

/** ipaddr.js names every special range, such as 6to4, Teredo, private and link-local. The rest is "unicast". */
function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast' || address.toString() === AZURE_HOST) return false;
  return !(address instanceof ipaddr.IPv6) || address.match(GLOBAL_V6);
}
