/** URLs as messages may show them: without user, password and query, where tokens and signatures stand. Pure. */

const LIKE_A_URL = /^([a-z][\w+.-]*:\/\/)(.*)$/is;

/** Text that is no URL, a path say, stays as it is. */
export function redactUrl(text: string): string {
  const parts = LIKE_A_URL.exec(text);
  if (parts === null) return text;
  const [, scheme = '', rest = ''] = parts;
  const end = rest.search(/[?#]/);
  const head = end < 0 ? rest : rest.slice(0, end);
  const tail = end < 0 ? '' : rest.slice(end);
  // A password that was not encoded may hold `/`, `?` and `#`: nothing before the last @ can be trusted to be a host.
  if (tail.includes('@')) return `${scheme}***`;
  return `${scheme}${head.replace(/^.*@/s, '***@')}${tail === '' ? '' : '?***'}`;
}

/** Credentials of URLs anywhere in a text. */
export function redactCredentials(text: string): string {
  return text.replaceAll(/(\w:\/\/)[^\s'"]*@/g, '$1***@');
}
