/** Encodes everything that RFC 3986 reserves. Pure. */
export function encodeReserved(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
