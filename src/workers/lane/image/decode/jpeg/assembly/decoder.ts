/**
 * A decoder of ordinary JPEGs in SIMD. This is AssemblyScript, not TypeScript. Its pixels equal libjpeg's, bit for bit.
 * Ordinary means baseline, one scan, grey or YCbCr, and colour samples that each cover 1, 2 or 4 pixels. The decoder
 * refuses everything else, and everything that libjpeg would refuse or warn about. It knows only memory addresses, and
 * ../simd-codec.ts calls it.
 *
 * It works row by row of MCUs and keeps only the current row. Sources: ITU T.81 (the format), JFIF (the colours), and
 * what libjpeg computes where these leave a choice.
 */
import { spreadGrey, toRgb } from './parts/colour';
import * as header from './parts/header';
import { keepLast, lineOf, openPlane, repeatEdges, strideOf } from './parts/plane';
import { addBlock, decodeRow, openScan, segmentEnds, startSegment } from './parts/scan';
import { marker, openSegments, segmentRoom } from './parts/segment';
import { between, widen, widenBetween } from './parts/upsample';

/** Bytes that are read beyond the end of the file. */
const BEYOND_FILE: usize = 64;
/** Bytes that are written beyond the last pixel. */
const BEYOND_PIXELS: usize = 64;
/** Pixels are handed out in pieces of about this size, so that small images come in one piece. */
const PIECE_BYTES: i32 = 65_536;
const END_OF_IMAGE: u32 = 0xd9;

/** The kept part of the image. */
let left: i32 = 0;
let top: i32 = 0;
let right: i32 = 0;
let bottom: i32 = 0;
/** Colour samples of a line, from the region's first column on. */
let blueness: usize = 0;
let redness: usize = 0;
/** Where pixels go, and how many lines fit there. */
let out: usize = 0;
let outLines: i32 = 0;

/** Rows and columns of MCUs, their size in pixels, and the columns that the region needs. */
let rows: i32 = 0;
let columns: i32 = 0;
let mcuWidth: i32 = 0;
let mcuHeight: i32 = 0;
let fromColumn: i32 = 0;
let toColumn: i32 = 0;
/** The next row. */
let row: i32 = 0;

function start(): usize {
  return (__heap_base + 15) & ~15;
}

/** Grows the memory until it reaches `end`, if necessary. False: it cannot grow so far. */
function reach(end: usize): bool {
  const missing = <isize>end - ((<isize>memory.size()) << 16);
  return missing <= 0 || memory.grow(<i32>((missing + 65535) >> 16)) >= 0;
}

function aligned(at: usize): usize {
  return (at + 15) & ~15;
}

/** Where the file is to be put, or 0 if there is no memory for it. */
export function room(fileBytes: usize): usize {
  return reach(start() + fileBytes + BEYOND_FILE) ? start() : 0;
}

/** Where the pixels of `next` are. */
export function pixels(): usize {
  return out;
}

/**
 * Begins with the file in memory. The size must be that of its header. The region goes up to `toX` and `toY`. False:
 * refused.
 */
export function open(
  fileBytes: usize,
  width: i32,
  height: i32,
  fromX: i32,
  fromY: i32,
  toX: i32,
  toY: i32,
): bool {
  const fileEnd = start() + fileBytes;
  memory.fill(fileEnd, 0, BEYOND_FILE);
  const scan = header.readHeader(start(), fileEnd);
  if (scan == 0 || header.width != width || header.height != height) return false;
  left = fromX;
  top = fromY;
  right = toX;
  bottom = toY;
  row = 0;
  mcuWidth = header.across << 3;
  mcuHeight = header.down << 3;
  columns = (width + mcuWidth - 1) / mcuWidth;
  rows = (height + mcuHeight - 1) / mcuHeight;
  // Upsampling needs the colour samples beside the region's.
  fromColumn = max(0, left - 4) / mcuWidth;
  toColumn = min(columns, (right + 4 + mcuWidth - 1) / mcuWidth);
  const segments = aligned(fileEnd + BEYOND_FILE);
  if (!layOut(aligned(segments + segmentRoom(fileEnd - scan)))) return false;
  openBlocks();
  openSegments(scan, fileEnd, segments);
  return startSegment();
}

/** Lays out the samples, and the pixels after them. */
function layOut(from: usize): bool {
  let at = openPlane(0, from, columns * header.across, mcuHeight, header.width, header.height);
  const realColumns = (header.width + header.across - 1) / header.across;
  const realLines = (header.height + header.down - 1) / header.down;
  for (let i = 1; i < header.components; i++) at = openPlane(i, at, columns, 8, realColumns, realLines);
  const line = <usize>aligned(header.width) + 64;
  blueness = at;
  redness = at + line;
  out = redness + line;
  const lineBytes = (right - left) * 3;
  outLines = max(mcuHeight + 1, PIECE_BYTES / lineBytes);
  return reach(out + <usize>(lineBytes * min(outLines, bottom - top + mcuHeight)) + BEYOND_PIXELS);
}

function openBlocks(): void {
  openScan(header.interval);
  for (let i = 0; i < header.components; i++) {
    const across = i == 0 ? header.across : 1;
    const down = i == 0 ? header.down : 1;
    const stride = strideOf(i);
    for (let y = 0; y < down; y++) {
      for (let x = 0; x < across; x++) {
        const first = lineOf(i, 1 + 8 * y) + 8 * x;
        const tables = header.quantiserOf(i);
        addBlock(i, header.dcTableOf(i), header.acTableOf(i), tables, first, stride, <usize>(8 * across));
      }
    }
  }
}

/**
 * Decodes the next rows of MCUs. Returns how many lines of the region are now at `pixels()`, as packed RGB. They continue
 * the lines of the last call. Returns 0 if the image is complete, and -1 if it is refused.
 */
export function next(): i32 {
  let ready = 0;
  while (row < rows && ready + mcuHeight < outLines) {
    const needed = row * mcuHeight < bottom + 2 && (row + 1) * mcuHeight + 2 > top;
    if (!decodeRow(columns, fromColumn, needed ? toColumn : 0)) return -1;
    if (needed) ready = putRow(ready);
    row++;
    if (row == rows && !(segmentEnds() && marker == END_OF_IMAGE)) return -1;
  }
  return ready;
}

/** Turns the lines that are complete into pixels. Returns how many lines are ready then. */
function putRow(ready: i32): i32 {
  const first = row * mcuHeight;
  const isLast = row == rows - 1;
  // If colour lines are shared, the row's last line needs the next row.
  const late = header.down - 1;
  const from = max(top, row == 0 ? 0 : first - late);
  const to = min(bottom, isLast ? header.height : first + mcuHeight - late);
  for (let i = 1; i < header.components; i++) repeatEdges(i, row);
  for (let y = from; y < to; y++) {
    putLine(y - first + 1, out + <usize>(ready * (right - left) * 3));
    ready++;
  }
  if (late == 0) return ready;
  for (let i = 0; i < header.components; i++) keepLast(i);
  return ready;
}

/** `line`: in the plane of the luma. */
function putLine(line: i32, to: usize): void {
  const luma = lineOf(0, line) + left;
  const width = right - left;
  if (header.components == 1) spreadGrey(luma, to, width);
  else if (header.across == 1 && header.down == 1) {
    toRgb(luma, lineOf(1, line) + left, lineOf(2, line) + left, to, width);
  } else {
    spread(1, line, blueness);
    spread(2, line, redness);
    const skipped = header.across == 2 ? left & 1 : 0;
    toRgb(luma, blueness + skipped, redness + skipped, to, width);
  }
}

/** Upsamples a colour for one line of luma, from the region's first column on. */
function spread(component: i32, line: i32, to: usize): void {
  if (header.down == 1) {
    const first = left >> 1;
    widen(lineOf(component, line) + first, to, ((right + 1) >> 1) - first);
    return;
  }
  // Luma line 1 is the upper one of colour line 1.
  const near = (line + 1) >> 1;
  const upper = (line & 1) == 1;
  const nearest = lineOf(component, near);
  const other = lineOf(component, upper ? near - 1 : near + 1);
  if (header.across == 1) {
    between(nearest + left, other + left, to, right - left, upper ? 1 : 2);
    return;
  }
  const first = left >> 1;
  widenBetween(nearest + first, other + first, to, ((right + 1) >> 1) - first);
}
