/** The settings with the longest match. One of them must match everything. Pure. */
export function settingsFor<T extends { readonly match: string }>(all: readonly T[], url: string): T {
  const [first, ...more] = all.filter(({ match }) => url.startsWith(match));
  return more.reduce((best, next) => (next.match.length > best.match.length ? next : best), first!);
}
