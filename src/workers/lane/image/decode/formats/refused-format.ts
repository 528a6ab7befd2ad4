/** Identifies a file that is not an accepted image, by its first bytes, and explains what to do about it. */

interface Known {
  readonly prefixes: readonly string[];
  readonly name: string;
}

const ARCHIVE = 'unpack it and name the images in it';
const CONVERT = 'convert it';
const PAGES = 'render its pages as images';

const BINARY: readonly Known[] = [
  { prefixes: ['%PDF', '%!PS'], name: `PDF or PostScript: ${PAGES}` },
  { prefixes: ['BM'], name: `BMP: ${CONVERT}` },
  { prefixes: ['\0\0\x01\0', '\0\0\x02\0'], name: `an icon or cursor: ${CONVERT}` },
  { prefixes: ['\0\0\0\x0cjP', '\xff\x4f\xff\x51'], name: `JPEG 2000: ${CONVERT}` },
  { prefixes: ['\0\0\0\x0cJXL', '\xff\x0a'], name: `JPEG XL: ${CONVERT}` },
  {
    prefixes: ['P1\n', 'P2\n', 'P3\n', 'P4\n', 'P5\n', 'P6\n', 'P7\n', 'Pf\n', 'PF\n'],
    name: `PNM: ${CONVERT}`,
  },
  { prefixes: ['8BPS'], name: `Photoshop: ${CONVERT}` },
  { prefixes: ['DDS '], name: `DDS: ${CONVERT}` },
  { prefixes: ['\x76\x2f\x31\x01'], name: `OpenEXR: ${CONVERT}` },
  { prefixes: ['SIMPLE  ='], name: `FITS: ${CONVERT}` },
  { prefixes: ['icns'], name: `an Apple icon: ${CONVERT}` },
  { prefixes: ['PK\x03\x04', 'PK\x05\x06'], name: `a ZIP archive (or an office document): ${ARCHIVE}` },
  { prefixes: ['\x1f\x8b'], name: `gzip: ${ARCHIVE}` },
  { prefixes: ['BZh'], name: `bzip2: ${ARCHIVE}` },
  { prefixes: ['\xfd7zXZ'], name: `xz: ${ARCHIVE}` },
  { prefixes: ['\x28\xb5\x2f\xfd'], name: `Zstandard: ${ARCHIVE}` },
  { prefixes: ['7z\xbc\xaf'], name: `a 7-Zip archive: ${ARCHIVE}` },
  { prefixes: ['Rar!'], name: `a RAR archive: ${ARCHIVE}` },
  { prefixes: ['\x1a\x45\xdf\xa3'], name: 'a Matroska or WebM video: extract its frames' },
  { prefixes: ['\x93NUMPY'], name: 'a NumPy array: save it as an image' },
  { prefixes: ['PAR1'], name: 'a Parquet table: export its images' },
  { prefixes: ['\x89HDF'], name: 'HDF5: export its images' },
];

const TEXT: readonly (readonly [pattern: RegExp, name: string])[] = [
  [
    /^version https:\/\/git-lfs/,
    "a Git LFS pointer, not the image that it stands for: run 'git lfs pull' in the repository that it came from",
  ],
  [
    /^<(!doctype html|html|head|body|script)/i,
    'HTML, a web page: the address leads to a page, not to the image',
  ],
  [
    /^<(\?xml|svg|!)/i,
    'SVG or XML, which is not decoded because it may hold scripts and external references: render it',
  ],
  [/^data:/i, 'a data: URL as text: save the bytes that it holds'],
  [/^(\/9j\/|iVBORw0KGgo|R0lGOD|UklGR)/, 'an image in base64: save the decoded bytes'],
  [/^[[{]/, 'JSON'],
];

const HEAD_BYTES = 512;
const TAR_AT = 257;

/** Returns text such as "a ZIP archive: unpack it". For an unknown format, the text shows how the file begins. */
export function refusedFormat(bytes: Buffer): string {
  const head = bytes.toString('latin1', 0, HEAD_BYTES);
  if (/^.{4}ftyp/s.test(head)) return 'a video or another ISO media file: extract its frames';
  const text = textOf(bytes.subarray(0, HEAD_BYTES));
  const found = BINARY.find(({ prefixes }) => prefixes.some((prefix) => head.startsWith(prefix)));
  if (found !== undefined) return found.name;
  if (text !== null) return TEXT.find(([pattern]) => pattern.test(text))?.[1] ?? 'text, not an image';
  if (head.startsWith('ustar', TAR_AT)) return `a tar archive: ${ARCHIVE}`;
  if (head.startsWith('RIFF')) return 'a RIFF file other than WebP (sound or video)';
  if (/^\0+$/.test(head)) return 'only zero bytes: the file was not written completely, copy it again';
  return `not an image in a known format (it starts with ${bytes.toString('hex', 0, 8)})`;
}

/** The text without a byte order mark. Null if not all of it is printable. UTF-16 is not decoded, only named. */
function textOf(head: Buffer): string | null {
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) return 'UTF-16';
  const text = head.toString('utf8').replace(/^\uFEFF/, '');
  for (let at = 0; at < text.length; at++) {
    // The last character may be cut off.
    const isCut = text.charCodeAt(at) === REPLACEMENT && at < text.length - 1;
    if (isCut || isControl(text.charCodeAt(at))) return null;
  }
  return text.trimStart();
}

const REPLACEMENT = 0xfffd;
const ESCAPE = 0x1b;

/** Control characters that do not occur in text. Tabs, ends of lines and pages, and terminal escapes are allowed. */
function isControl(code: number): boolean {
  return code === 0x7f || (code < 0x20 && !(code >= 0x09 && code <= 0x0d) && code !== ESCAPE);
}
