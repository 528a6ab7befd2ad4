/** Headers of HTML pages. A page loads only what is allowed, cannot be framed, and sends no referrer. */

/**
 * `allow`: directives that the page needs in addition to `default-src 'none'`, such as `style-src 'sha256-...'`. They
 * replace those of LOCKED.
 */
export function pageHeaders(allow: readonly string[]): Record<string, string> {
  const nameOf = (directive: string) => directive.split(' ')[0];
  const given = new Set(allow.map(nameOf));
  const locked = LOCKED.filter((directive) => !given.has(nameOf(directive)));
  const policy = ["default-src 'none'", ...allow, ...locked];
  return {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': policy.join('; '),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  };
}

const LOCKED = ["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"];
