/**
 * Parses addresses of several Redis servers of which one is the primary: redis+sentinel:// and redis+cluster://. Over TLS:
 * rediss+sentinel:// and rediss+cluster://.
 */
export type GroupKind = 'sentinel' | 'cluster';

export interface GroupUrl {
  readonly kind: GroupKind;
  readonly tls: boolean;
  /** Percent-encoded, as in the URL. */
  readonly user?: string;
  readonly password?: string;
  /** The servers to ask: Sentinels, or nodes of the cluster. */
  readonly servers: readonly { readonly host: string; readonly port: number }[];
  /** What Sentinel calls the primary. Empty for a cluster. */
  readonly name: string;
  readonly db: string;
  readonly query: URLSearchParams;
}

export const GROUP_FORMS =
  'redis+sentinel://[user:password@]host[:port][,host[:port]...]/name[/db] or redis+cluster://[user:password@]host[:port][,host[:port]...]';

const SCHEME = /^(?<scheme>rediss?)\+(?<kind>sentinel|cluster):\/\//i;
const REST =
  /^(?:(?<user>[^:@/]*)(?::(?<password>[^@/]*))?@)?(?<servers>[^/?#@]+)(?:\/(?<path>[^?#@]*))?(?:\?(?<query>[^@]*))?$/;
const SERVER = /^(?:\[(?<v6>[\da-f:.]+)\]|(?<name>[\w.-]+))(?::(?<port>\d{1,5}))?$/i;
const DEFAULT_PORT: Readonly<Record<GroupKind, number>> = { sentinel: 26_379, cluster: 6379 };

/** The kind of group that the address names, even if the rest of it cannot be read. Null: it names none. */
export function groupKind(url: string): GroupKind | null {
  return (SCHEME.exec(url)?.groups?.['kind']?.toLowerCase() as GroupKind | undefined) ?? null;
}

/** The parts of an address that `groupKind` knows, or why it cannot be read. */
export function parseGroupUrl(url: string): GroupUrl | { readonly wrong: string } {
  const { scheme = '' } = SCHEME.exec(url)!.groups!;
  const kind = groupKind(url)!;
  const parts = REST.exec(url.replace(SCHEME, ''))?.groups;
  if (parts === undefined) return { wrong: 'its servers cannot be read' };
  const servers = parts['servers']!.split(',').map((text) => {
    const { v6, name, port } = SERVER.exec(text)?.groups ?? {};
    return { host: v6 ?? name, port: port === undefined ? DEFAULT_PORT[kind] : Number(port) };
  });
  if (
    !servers.every((one): one is { host: string; port: number } => one.host !== undefined && isPort(one.port))
  ) {
    return { wrong: 'one of its servers is neither a host nor host:port' };
  }
  const path = (parts['path'] ?? '').split('/');
  const [name = '', db = ''] = kind === 'cluster' ? ['', ...path] : path;
  if (kind === 'sentinel' && name === '') return { wrong: 'it does not name the primary (/mymaster)' };
  if (kind === 'cluster' && db !== '') return { wrong: 'a cluster has no databases' };
  return {
    kind,
    tls: scheme.toLowerCase() === 'rediss',
    ...(parts['user'] && { user: parts['user'] }),
    ...(parts['password'] && { password: parts['password'] }),
    servers,
    name,
    db,
    query: new URLSearchParams(parts['query'] ?? ''),
  };
}

function isPort(port: number): boolean {
  return port > 0 && port < 65_536;
}
