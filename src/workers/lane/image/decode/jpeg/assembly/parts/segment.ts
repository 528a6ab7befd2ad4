/**
 * The entropy-coded segments of a scan: the bytes from one marker to the next, without the zeros that are stuffed in
 * after each 255. They are stored backwards, the first byte at the highest address. So one plain load gives the next 8
 * bytes in the order in which their bits are read.
 */

/** How far a reader may go beyond a segment's last byte before it checks: more than the bits of one MCU. */
export const BEYOND: usize = 4096;

/** Where the rest of the scan begins in the file, and where the file ends. */
let from: usize = 0;
let end: usize = 0;
/** The address after the first byte of every segment. */
let top: usize = 0;
/** The marker after the segment. */
export let marker: u32 = 0;
/** The number of bytes of the segment. */
export let bytes: usize = 0;

/** The memory that `openSegments` needs above `low`. */
export function segmentRoom(fileBytes: usize): usize {
  return fileBytes + BEYOND + 64;
}

/** `file` to `fileEnd`: the scan. At least 32 bytes of zeros follow it. */
export function openSegments(file: usize, fileEnd: usize, low: usize): void {
  from = file;
  end = fileEnd;
  top = low + segmentRoom(fileEnd - file);
}

/** The address of the segment's first byte. */
export function firstByte(): usize {
  return top - 1;
}

/** Reads the next segment and its marker. False: the file ends before. */
export function nextSegment(): bool {
  let at = from;
  let to = top;
  while (at < end) {
    const chunk = v128.load(at);
    const ones = i8x16.bitmask(i8x16.eq(chunk, i8x16.splat(-1)));
    v128.store(to - 16, i8x16.shuffle(chunk, chunk, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
    if (ones == 0) {
      at += 16;
      to -= 16;
      continue;
    }
    const plain = <usize>ctz(ones);
    const next = <u32>load<u8>(at + plain + 1);
    if (next != 0) {
      bytes = top - (to - plain);
      marker = next;
      from = at + plain + 2;
      return from <= end;
    }
    at += plain + 2;
    to -= plain + 1;
  }
  return false;
}
