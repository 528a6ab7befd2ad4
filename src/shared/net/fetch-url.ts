/** Parses URLs that a user gives or a server redirects to, and refuses those that must not be fetched. Pure. */
import { isUtf8 } from 'node:buffer';
import { ForebayError } from '../errors.ts';
import { redactUrl } from '../text/redact-url.ts';

/** Maximum characters of a bad URL in an error. */
const SHOWN_CHARS = 200;

/** Throws ForebayError `url_not_allowed`. */
export function parseFetchUrl(text: string, base?: URL): URL {
  let url: URL;
  try {
    url = new URL(text, base);
  } catch (error) {
    throw notAllowed(`"${redactUrl(text).slice(0, SHOWN_CHARS)}" is not a URL`, error);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw notAllowed(`only http and https are fetched, not ${url.protocol}//`);
  }
  if (url.username !== '' || url.password !== '') {
    throw notAllowed('the URL carries a user name or password; use a signed URL');
  }
  return url;
}

/**
 * Where a `Location` header leads. `header`: Latin-1, one character per byte, as undici returns it. Bytes beyond ASCII
 * are read as UTF-8 if they are valid UTF-8, and percent-encoded otherwise, as browsers do. Throws ForebayError
 * `url_not_allowed`.
 */
export function parseLocation(header: string, base: URL): URL {
  const bytes = Buffer.from(header, 'latin1');
  const text = isUtf8(bytes)
    ? bytes.toString('utf8')
    : header.replaceAll(/[\u0080-\u00ff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);
  return parseFetchUrl(text, base);
}

function notAllowed(message: string, cause?: unknown): ForebayError {
  return new ForebayError('url_not_allowed', message, { cause });
}
