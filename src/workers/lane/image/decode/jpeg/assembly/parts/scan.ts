/**
 * Decodes the MCUs of a scan: Huffman codes to coefficients (ITU T.81, annex F), and these to samples. This is the
 * decoder's hot loop. It refuses whatever libjpeg would warn of.
 */
import { BAD, END, EXTRA, LONG, LOOK, longEntry, SAFE_SIZE } from './huffman';
import { ZIGZAG } from './header';
import { inverseDct, plainBlock } from './inverse-dct';
import { bytes, firstByte, marker, nextSegment } from './segment';

/** The block that is being decoded. It is clear between blocks. */
const BLOCK: usize = memory.data(128, 16);
/**
 * The blocks of an MCU, 32 bytes each: addresses of the DC table, the AC table and the quantisers, the component, the
 * address of the samples in the first MCU, bytes from line to line, and bytes from MCU to MCU.
 */
const BLOCKS: usize = memory.data(192, 16);
const BLOCK_BYTES: usize = 32;
/** The last DC coefficient of each component. */
const LAST: usize = memory.data(16, 16);

let blocksEnd: usize = 0;
let interval: i32 = 0;
/** MCUs before the next restart marker. */
let left: i32 = 0;
let restarts: u32 = 0;
/** The next bits of the segment, from the highest bit on, and their number. */
let bits: u64 = 0;
let count: i32 = 0;
/** The address of the next byte. Later bytes have lower addresses. */
let at: usize = 0;

/** Forgets the last image. `restartInterval`: in MCUs, or 0. */
export function openScan(restartInterval: i32): void {
  blocksEnd = BLOCKS;
  interval = restartInterval;
  restarts = 0;
  memory.fill(BLOCK, 0, 128);
}

export function addBlock(
  component: i32,
  dc: usize,
  ac: usize,
  quantisers: usize,
  out: usize,
  stride: usize,
  step: usize,
): void {
  store<usize>(blocksEnd, dc);
  store<usize>(blocksEnd, ac, 4);
  store<usize>(blocksEnd, quantisers, 8);
  store<usize>(blocksEnd, LAST + ((<usize>component) << 2), 12);
  store<usize>(blocksEnd, out, 16);
  store<usize>(blocksEnd, stride, 20);
  store<usize>(blocksEnd, step, 24);
  blocksEnd += BLOCK_BYTES;
}

/** Begins with the next segment. */
export function startSegment(): bool {
  if (!nextSegment()) return false;
  left = interval == 0 ? i32.MAX_VALUE : interval;
  bits = 0;
  count = 0;
  at = firstByte();
  memory.fill(LAST, 0, 16);
  return true;
}

/** Bits of the segment that are not used yet. Below 0 if more were used than there are. */
function unused(): i32 {
  return <i32>(bytes - (firstByte() - at)) * 8 + count;
}

/** Whether the segment ends here, but for the bits that fill its last byte. */
export function segmentEnds(): bool {
  const rest = unused();
  return rest >= 0 && rest < 8;
}

function restart(): bool {
  if (!segmentEnds() || marker != 0xd0 + (restarts & 7)) return false;
  restarts++;
  return startSegment();
}

/** Decodes a row of `columns` MCUs. Writes samples only for the MCUs `from` up to `to`. False: refused. */
export function decodeRow(columns: i32, from: i32, to: i32): bool {
  let window = bits;
  let valid = count;
  let next = at;
  for (let column = 0; column < columns; column++) {
    if (left == 0) {
      bits = window;
      count = valid;
      at = next;
      if (!restart()) return false;
      window = bits;
      valid = count;
      next = at;
    }
    left--;
    const kept = column >= from && column < to;
    for (let info = BLOCKS; info < blocksEnd; info += BLOCK_BYTES) {
      const quantisers = load<usize>(info, 8);
      // The DC coefficient.
      let table = load<usize>(info);
      if (valid < 32) {
        window |= load<u64>(next - 7) >> valid;
        next -= (63 - valid) >> 3;
        valid |= 56;
      }
      let entry = load<u32>(table + ((<usize>(window >> (64 - LOOK))) << 2));
      if ((entry & BAD) != 0) {
        if ((entry & LONG) != 0) {
          if ((entry & EXTRA) == 0) entry = longEntry(table, window, true);
          if ((entry & LONG) != 0) return false;
        }
        const length = entry & 31;
        window <<= length;
        const size = entry >> 16;
        entry = numberOf(window, size) << 16;
        window <<= size;
        valid -= length + size;
      }
      window <<= entry & 31;
      valid -= entry & 31;
      const last = load<usize>(info, 12);
      const level = load<i32>(last) + (<i32>entry >> 16);
      store<i32>(last, level);
      const dc = level * <i32>load<i16>(quantisers);
      if (<u32>(dc + 32768) > 65535) return false;
      // The others.
      table = load<usize>(info, 4);
      let k: u32 = 1;
      do {
        // Short codes and numbers, which are nearly all, two at a time. The bits last for one and a long one.
        do {
          window |= load<u64>(next - 7) >> valid;
          next -= (63 - valid) >> 3;
          valid |= 56;
          entry = load<u32>(table + ((<usize>(window >> (64 - LOOK))) << 2));
          if ((entry & BAD) != 0) break;
          window <<= entry & 31;
          valid -= entry & 31;
          k += (entry >> 8) & 0xff;
          if (k >= END) break;
          store<i16>(BLOCK + load<u8>(ZIGZAG + k), entry >> 16);
          k++;
          if (k > 63) break;
          entry = load<u32>(table + ((<usize>(window >> (64 - LOOK))) << 2));
          if ((entry & BAD) != 0) break;
          window <<= entry & 31;
          valid -= entry & 31;
          k += (entry >> 8) & 0xff;
          if (k >= END) break;
          store<i16>(BLOCK + load<u8>(ZIGZAG + k), entry >> 16);
          k++;
        } while (k < 64);
        if (k > 63) break;
        if ((entry & LONG) != 0) {
          if ((entry & EXTRA) == 0) entry = longEntry(table, window, false);
          if ((entry & LONG) != 0) return false;
        }
        const length = entry & 31;
        window <<= length;
        const size = entry >> 16;
        const number = numberOf(window, size);
        window <<= size;
        valid -= length + size;
        k += (entry >> 8) & 0xff;
        if (k >= END) break;
        const place = <usize>load<u8>(ZIGZAG + k);
        if (<i32>size > SAFE_SIZE) {
          const product = number * <i32>load<i16>(quantisers + place);
          if (<u32>(product + 32768) > 65535) return false;
        }
        store<i16>(BLOCK + place, number);
        k++;
      } while (k < 64);
      if (k >= END) k -= END;
      else if (k > 64) return false;
      if (!kept) {
        if (k > 1) clear();
        continue;
      }
      const stride = load<usize>(info, 20);
      const out = load<usize>(info, 16) + <usize>column * load<usize>(info, 24);
      if (k == 1) plainBlock(dc, out, stride);
      else {
        store<i16>(BLOCK, level);
        if (!inverseDct(BLOCK, quantisers, k, out, stride)) return false;
      }
    }
    if (<i32>(bytes - (firstByte() - next)) * 8 + <i32>valid < 0) return false;
  }
  bits = window;
  count = valid;
  at = next;
  return true;
}

function clear(): void {
  const zeros = i64x2.splat(0);
  for (let at: usize = 0; at < 128; at += 16) v128.store(BLOCK + at, zeros);
}

/** The number that the next `size` bits stand for. Numbers that begin with a 0 are negative. */
function numberOf(window: u64, size: u32): i32 {
  // Two shifts, because a shift by 64 would be one by 0.
  const raw = <i32>((window >> 1) >> (63 - size));
  const negative = ~(<i32>(<i64>window >> 63));
  return raw + (negative & (1 - (1 << size)));
}
