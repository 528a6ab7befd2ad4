/**
 * Reads the markers of a JPEG up to its first scan (ITU T.81, annex B). Accepts only what is sure to be decoded here as
 * libjpeg does it, and without a warning of libjpeg's.
 */
import { word } from './bytes';
import { forgetTables, readTables, tableOf } from './huffman';

/** Four tables of 64 quantisers of 16 bits, by rows. */
const QUANTISERS: usize = memory.data(512, 16);
/** Per component: its id, its quantisation table, its DC table and its AC table, as addresses. */
const COMPONENTS: usize = memory.data(48, 16);

export let width: i32 = 0;
export let height: i32 = 0;
/** 1 or 3. */
export let components: i32 = 0;
/** Luma samples per colour sample in a line, and lines per line of colour. 1 or 2. */
export let across: i32 = 0;
export let down: i32 = 0;
/** MCUs between restart markers. 0: there are none. */
export let interval: i32 = 0;

let quantisersDefined: u32 = 0;
let jfif: bool = false;
let adobe: i32 = 0;
const NO_ADOBE: i32 = -1;

export function quantiserOf(component: i32): usize {
  return load<usize>(COMPONENTS + ((<usize>component) << 4), 4);
}

export function dcTableOf(component: i32): usize {
  return load<usize>(COMPONENTS + ((<usize>component) << 4), 8);
}

export function acTableOf(component: i32): usize {
  return load<usize>(COMPONENTS + ((<usize>component) << 4), 12);
}

/** The position of the k-th coefficient in a block, in bytes. Row 0 comes first. */
// prettier-ignore
export const ZIGZAG: usize = memory.data<u8>([
  0, 2, 16, 32, 18, 4, 6, 20, 34, 48, 64, 50, 36, 22, 8, 10, 24, 38, 52, 66, 80, 96, 82, 68, 54, 40, 26, 12, 14, 28, 42,
  56, 70, 84, 98, 112, 114, 100, 86, 72, 58, 44, 30, 46, 60, 74, 88, 102, 116, 118, 104, 90, 76, 62, 78, 92, 106, 120,
  122, 108, 94, 110, 124, 126, 126, 126, 126, 126, 126, 126, 126, 126, 126, 126, 126, 126, 126, 126, 126, 126,
]);

/** Returns where the scan's data begins, or 0 if the image is not for this decoder. */
export function readHeader(file: usize, end: usize): usize {
  components = 0;
  interval = 0;
  quantisersDefined = 0;
  jfif = false;
  adobe = NO_ADOBE;
  forgetTables();
  if (file + 4 > end || word(file) != 0xffd8) return 0;
  let at = file + 2;
  while (at + 4 <= end) {
    if (load<u8>(at) != 0xff) return 0;
    const marker = <u32>load<u8>(at, 1);
    const length = <usize>word(at + 2);
    const from = at + 4;
    const next = at + 2 + length;
    if (length < 2 || next > end) return 0;
    if (marker == 0xda) return readScan(from, next) ? next : 0;
    if (!readSegment(marker, from, next)) return 0;
    at = next;
  }
  return 0;
}

function readSegment(marker: u32, from: usize, end: usize): bool {
  switch (marker) {
    case 0xc0:
    case 0xc1:
      return readFrame(from, end);
    case 0xc4:
      return readTables(from, end);
    case 0xdb:
      return readQuantisers(from, end);
    case 0xdd:
      if (end - from != 2) return false;
      interval = word(from);
      return true;
    case 0xe0:
      return readJfif(from, end);
    case 0xee:
      readAdobe(from, end);
      return true;
    default:
      // Comments, and what applications add.
      return marker == 0xfe || (marker >= 0xe1 && marker <= 0xef);
  }
}

function readJfif(from: usize, end: usize): bool {
  if (end - from < 14 || load<u32>(from) != 0x4649464a || load<u8>(from, 4) != 0) return true;
  jfif = true;
  // libjpeg warns of other versions.
  return load<u8>(from, 5) == 1;
}

function readAdobe(from: usize, end: usize): void {
  if (end - from < 12 || load<u32>(from) != 0x626f6441 || load<u8>(from, 4) != 0x65) return;
  adobe = load<u8>(from, 11);
}

function readQuantisers(from: usize, end: usize): bool {
  while (from < end) {
    const id = <u32>load<u8>(from);
    // Tables of 16 bits have a high half that is not 0.
    if (id > 3 || from + 65 > end) return false;
    const table = QUANTISERS + ((<usize>id) << 7);
    for (let k: usize = 0; k < 64; k++) {
      const quantiser = <u16>load<u8>(from + k, 1);
      if (quantiser == 0) return false;
      store<u16>(table + load<u8>(ZIGZAG + k), quantiser);
    }
    quantisersDefined |= 1 << id;
    from += 65;
  }
  return true;
}

function readFrame(from: usize, end: usize): bool {
  if (components != 0 || end - from < 6 || load<u8>(from) != 8) return false;
  height = word(from + 1);
  width = word(from + 3);
  components = load<u8>(from, 5);
  if (components != 1 && components != 3) return false;
  if (end - from != 6 + 3 * components || width == 0 || height == 0) return false;
  for (let i = 0; i < components; i++) {
    const at = from + 6 + 3 * i;
    const sampling = <i32>load<u8>(at, 1);
    const table = <u32>load<u8>(at, 2);
    if (table > 3) return false;
    const component = COMPONENTS + ((<usize>i) << 4);
    store<u32>(component, load<u8>(at));
    store<usize>(component, QUANTISERS + ((<usize>table) << 7), 4);
    if (i == 0) {
      across = sampling >> 4;
      down = sampling & 15;
    } else if (sampling != 0x11) return false;
  }
  if (components == 1) {
    // A single component has no other to be sampled against.
    const ordinary = across >= 1 && across <= 4 && down >= 1 && down <= 4;
    across = 1;
    down = 1;
    return ordinary;
  }
  const first = idOf(0);
  const second = idOf(1);
  const third = idOf(2);
  if (first == second || first == third || second == third) return false;
  // libjpeg repeats the samples of narrower images instead of smoothing them.
  if (across == 2 && width <= 4) return false;
  return (across == 1 || across == 2) && (down == 1 || down == 2);
}

function idOf(component: i32): u32 {
  return load<u32>(COMPONENTS + ((<usize>component) << 4));
}

/** Reads the header of a scan. It must hold all components. */
function readScan(from: usize, end: usize): bool {
  if (components == 0 || <i32>(end - from) != 4 + 2 * components) return false;
  if (<i32>load<u8>(from) != components) return false;
  for (let i = 0; i < components; i++) {
    const at = from + 1 + 2 * i;
    const tables = <u32>load<u8>(at, 1);
    const quantiser = <u32>((quantiserOf(i) - QUANTISERS) >> 7);
    if (<u32>load<u8>(at) != idOf(i) || tables >> 4 > 3 || (tables & 15) > 3) return false;
    if (((quantisersDefined >> quantiser) & 1) == 0) return false;
    const dc = tableOf(0, tables >> 4);
    const ac = tableOf(1, tables & 15);
    if (dc == 0 || ac == 0) return false;
    const component = COMPONENTS + ((<usize>i) << 4);
    store<usize>(component, dc, 8);
    store<usize>(component, ac, 12);
  }
  // The whole spectrum, in one pass.
  const range = from + 1 + 2 * components;
  if (load<u8>(range) != 0 || load<u8>(range, 1) != 63 || load<u8>(range, 2) != 0) return false;
  return components == 1 || isYcc();
}

/** Whether the colours are luma and chroma, by libjpeg's rules. It warns of other transforms of Adobe's. */
function isYcc(): bool {
  if (jfif) return true;
  if (adobe != NO_ADOBE) return adobe == 1;
  // Files of RGB name their components.
  return !(idOf(0) == 0x52 && idOf(1) == 0x47 && idOf(2) == 0x42);
}
