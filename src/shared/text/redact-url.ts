/** Removes user, password, query and fragment from URLs for messages, because a query may hold tokens. Pure. */

const LIKE_A_URL = /^([a-z][\w+.-]*:\/\/)(.*)$/is;

/** Text that is not a URL, such as a path, stays unchanged. */
export function redactUrl(text: string): string {
  const parts = LIKE_A_URL.exec(text);
  if (parts === null) return text;
  const [, scheme = '', rest = ''] = parts;
  const end = rest.search(/[?#]/);
  const head = end < 0 ? rest : rest.slice(0, end);
  const tail = end < 0 ? '' : rest.slice(end);
  // A password may contain an unencoded `/`, `?` or `#`. So nothing before the last @ is certain to be a host.
  if (tail.includes('@')) return `${scheme}***`;
  return `${scheme}${head.replace(/^.*@/s, '***@')}${tail === '' ? '' : '?***'}`;
}

/** Removes the credentials of all URLs in a text. */
export function redactCredentials(text: string): string {
  return text.replaceAll(/(\w:\/\/)[^\s'"]*@/g, '$1***@');
}
