/** Names as text. */

/** A message with more names would be unreadable. */
const MAX_NAMES = 50;

export function listedNames(names: readonly string[]): string {
  const some = names.slice(0, MAX_NAMES).join(', ');
  return names.length > MAX_NAMES ? `${some}, and ${names.length - MAX_NAMES} more` : some;
}
