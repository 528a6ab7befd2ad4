/** Statuses of HTTP with which a server says that a later try may succeed. */
const TEMPORARY: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

export function isTemporary(status: number): boolean {
  return TEMPORARY.has(status);
}
