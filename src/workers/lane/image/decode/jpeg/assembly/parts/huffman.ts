/**
 * Huffman tables (ITU T.81, annexes C and F). Each has a lookup table for the next LOOK bits. If a code and the bits
 * that follow it are short enough, the entry holds the decoded number itself.
 *
 * An entry: bits 0 to 5: how many bits to consume. Bits 8 to 15: zeros before the number; END for the end of the block.
 * Bits 16 to 31: the number. With the flag EXTRA, bits 16 to 31 say how many more bits make the number. With the flag
 * LONG, the code is longer than LOOK bits. Both flags: no valid code.
 */

export const LOOK: i32 = 10;
export const LONG: u32 = 0x40;
export const EXTRA: u32 = 0x80;
export const BAD: u32 = 0xc0;
export const END: u32 = 128;
/** Larger numbers may exceed 16 bits once multiplied by a quantiser of 8 bits, and must be checked. */
export const SAFE_SIZE: i32 = 7;

/** Bits of the largest differences of DC coefficients of 8-bit samples. */
const LARGEST_DC: u32 = 11;

/** Layout of a table: the lookup table, limits and offsets of long codes, counts and symbols as in the file. */
const LIMITS: usize = 4096;
const OFFSETS: usize = 4176;
const COUNTS: usize = 4256;
const SYMBOLS: usize = 4272;
const TABLE_BYTES: usize = 4544;
const TABLES: usize = memory.data(36_352, 16);

/** Which tables the current file has defined. Tables outlive a file, because most files have the same ones. */
let defined: u32 = 0;

export function forgetTables(): void {
  defined = 0;
}

/** The address of a table, or 0 if the file has not defined it. `kind`: 0 for DC, 1 for AC. */
export function tableOf(kind: u32, id: u32): usize {
  const slot = (kind << 2) | id;
  return ((defined >> slot) & 1) == 0 ? 0 : TABLES + <usize>slot * TABLE_BYTES;
}

/** Reads the content of a DHT segment. False: it is damaged or unusual. */
export function readTables(from: usize, end: usize): bool {
  while (from < end) {
    if (from + 17 > end) return false;
    const which = <u32>load<u8>(from);
    const kind = which >> 4;
    const id = which & 15;
    if (kind > 1 || id > 3) return false;
    let count: usize = 0;
    for (let i: usize = 1; i <= 16; i++) count += load<u8>(from + i);
    if (count > 256 || from + 17 + count > end) return false;
    const slot = (kind << 2) | id;
    const table = TABLES + <usize>slot * TABLE_BYTES;
    // The symbols follow the counts in the file and in the table.
    if (memory.compare(table + COUNTS, from + 1, 16 + count) != 0) {
      memory.copy(table + COUNTS, from + 1, 16 + count);
      if (!build(table, kind == 0)) {
        memory.fill(table + COUNTS, 0, 16);
        return false;
      }
    } else if (count == 0) return false;
    defined |= 1 << slot;
    from += 17 + count;
  }
  return from == end;
}

function build(table: usize, dc: bool): bool {
  for (let i: usize = 0; i < LIMITS; i += 4) store<u32>(table + i, LONG);
  let code: i32 = 0;
  let index: usize = 0;
  for (let length: i32 = 1; length <= 16; length++) {
    const count = <i32>load<u8>(table + COUNTS + length - 1);
    // A code of ones only is not allowed.
    if (count > 0 && code + count >= 1 << length) return false;
    for (let i = 0; i < count; i++) {
      const symbol = <u32>load<u8>(table + SYMBOLS + index);
      // libjpeg refuses such a file even if it never uses the code.
      if (dc && symbol > LARGEST_DC) return false;
      const entry = entryOf(symbol, length, dc);
      if (length <= LOOK) put(table, code, length, entry);
      code++;
      index++;
    }
    const at = table + ((<usize>length) << 2);
    store<i32>(at + LIMITS, code << (16 - length));
    store<i32>(at + OFFSETS, <i32>index - code);
    code <<= 1;
  }
  return true;
}

/** The entry of a symbol, without its number. Only what a baseline file may hold is valid. */
function entryOf(symbol: u32, length: u32, dc: bool): u32 {
  if (dc) return symbol > LARGEST_DC ? BAD : EXTRA | length | (symbol << 16);
  const size = symbol & 15;
  if (symbol == 0) return EXTRA | length | (END << 8);
  if (size > 10 || (size == 0 && symbol != 0xf0)) return BAD;
  return EXTRA | length | ((symbol >> 4) << 8) | (size << 16);
}

/** Writes the entry to all places that begin with the code. */
function put(table: usize, code: i32, length: i32, entry: u32): void {
  const rest = LOOK - length;
  const size = <i32>(entry >> 16);
  const first = code << rest;
  if (entry == BAD || size > rest || size > SAFE_SIZE) {
    for (let i = 0; i < 1 << rest; i++) store<u32>(table + ((<usize>(first + i)) << 2), entry);
    return;
  }
  const zeros = entry & 0xff00;
  const apart = rest - size;
  for (let i = 0; i < 1 << size; i++) {
    const number = size == 0 ? 0 : i < 1 << (size - 1) ? i - (1 << size) + 1 : i;
    const whole = ((<u32>number) << 16) | zeros | <u32>(length + size);
    const at = first + (i << apart);
    for (let j = 0; j < 1 << apart; j++) store<u32>(table + ((<usize>(at + j)) << 2), whole);
  }
}

/** The entry of a code that is longer than LOOK bits. `bits`: begins with the code. */
export function longEntry(table: usize, bits: u64, dc: bool): u32 {
  const next = <i32>(bits >> 48);
  for (let length = LOOK + 1; length <= 16; length++) {
    const at = table + ((<usize>length) << 2);
    if (next >= load<i32>(at + LIMITS)) continue;
    const index = (next >> (16 - length)) + load<i32>(at + OFFSETS);
    return entryOf(<u32>load<u8>(table + SYMBOLS + index), length, dc);
  }
  return BAD;
}
