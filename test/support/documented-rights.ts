// The ACL line of docs/security.md, as arguments of `ACL SETUSER forebay`.
import { readFileSync } from 'node:fs';

export function documentedRights(password: string): string[] {
  const doc = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8');
  const [, line] = /^user forebay ((?:[^\\\n]|\\\n)*)$/m.exec(doc)!;
  return line!
    .replaceAll('\\\n', '')
    .split(/\s+/)
    .map((rule) => rule.replace('PASSWORD', password));
}
