/** Reads the header `Retry-After`, which holds seconds or a date. Pure. */

/** Has the form of ForebayError's options. Empty if the server asks for no pause. */
export function retryAfter(header: string | string[] | undefined): { retryAfterS?: number } {
  if (typeof header !== 'string') return {};
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? { retryAfterS: Math.max(0, seconds) } : {};
}
