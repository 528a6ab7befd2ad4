/** Names of the compression methods of zip, for messages. */
const NAMES: Readonly<Record<number, string>> = {
  1: 'Shrink',
  6: 'Implode',
  9: 'Deflate64',
  12: 'bzip2',
  14: 'LZMA',
  93: 'Zstandard',
  95: 'XZ',
  96: 'JPEG',
  98: 'PPMd',
  99: 'AES encryption',
};

export function methodName(method: number): string {
  const name = NAMES[method];
  return name === undefined ? `method ${method}` : `${name} (method ${method})`;
}
