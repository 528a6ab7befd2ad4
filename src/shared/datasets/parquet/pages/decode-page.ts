/** Decodes one page of a leaf: levels and values. */
import type { PageHeader } from 'hyparquet';
import { convert } from 'hyparquet/src/convert.js';
import { deltaBinaryUnpack, deltaByteArray, deltaLengthByteArray } from 'hyparquet/src/delta.js';
import { byteStreamSplit } from 'hyparquet/src/encoding.js';
import { readPlain } from 'hyparquet/src/plain.js';
import { Damage, decoding } from '../file/damage.ts';
import type { Leaf } from '../file/leaves.ts';
import { isNumbers } from '../../../text/json-writer.ts';
import { BAD_TEXT } from '../values/bad-text.ts';
import { parsersOf } from '../values/parsers.ts';
import { decompress } from './decompress.ts';
import { bitsOf, readRuns } from './levels.ts';
import { valuesOf, viewOf } from './page-header.ts';

export type Values = ArrayLike<unknown>;

export interface Texts {
  /** Without nulls. */
  readonly values: Values;
  /** Whether BAD_TEXT is among them. */
  readonly hasBadText: boolean;
}

/** The levels and values of a page, as Parquet stores them (its documentation calls this record shredding). */
export interface LeafPage extends Texts {
  /** Values with their nulls. */
  readonly length: number;
  /** Null: each value is a row of its own. */
  readonly rep: Uint8Array | null;
  /** Null: no value is null. */
  readonly def: Uint8Array | null;
  /** Approximate bytes in memory. */
  readonly bytes: number;
}

/** A column of one bit per row could say that it has billions of rows. */
const MAX_VALUES = 2 ** 24;

/** `bytes`: those after the header. Throws Damage. */
export async function decodePage(
  header: PageHeader,
  bytes: Uint8Array,
  of: { readonly leaf: Leaf; readonly codec: string },
  dictionary: Texts | null,
): Promise<LeafPage> {
  const length = valuesOf(header);
  if (length > MAX_VALUES) {
    throw new Damage(`a page of ${length} values; the limit is ${MAX_VALUES}. Write smaller pages`);
  }
  const { rep, def, body, encoding } = await openPage(header, bytes, of, length);
  const { maxDef } = of.leaf;
  let nulls = 0;
  if (def !== null) for (let i = 0; i < length; i++) if (def[i]! < maxDef) nulls += 1;
  const found = decoding(() => readValues(body, length - nulls, encoding, of.leaf, dictionary));
  return { length, rep, def: nulls === 0 ? null : def, ...found, bytes: header.uncompressed_page_size };
}

async function openPage(
  { data_page_header: v1, data_page_header_v2: v2, uncompressed_page_size: size }: PageHeader,
  bytes: Uint8Array,
  { leaf: { maxRep, maxDef }, codec }: { readonly leaf: Leaf; readonly codec: string },
  length: number,
) {
  const levels = (max: number, from: Uint8Array) => readRuns(from, bitsOf(max), new Uint8Array(length));
  if (v1 !== undefined) {
    let body = await decompress(codec, bytes, size);
    const take = (max: number): Uint8Array | null => {
      if (max === 0) return null;
      if (body.length < 4) throw new Damage('a page ends in its levels');
      const end = 4 + viewOf(body).getUint32(0, true);
      if (end > body.length) throw new Damage('a page ends in its levels');
      const found = levels(max, body.subarray(4, end));
      body = body.subarray(end);
      return found;
    };
    const [rep, def] = [take(maxRep), take(maxDef)];
    return { rep, def, body, encoding: v1.encoding };
  }
  if (v2 === undefined) throw new Damage('a page without a header of its own');
  const { repetition_levels_byte_length: repBytes, definition_levels_byte_length: defBytes } = v2;
  const start = repBytes + defBytes;
  if (start > bytes.length || start > size) {
    throw new Damage('a page ends in its levels');
  }
  const isPlain = v2.is_compressed === false;
  const body = await decompress(isPlain ? 'UNCOMPRESSED' : codec, bytes.subarray(start), size - start);
  return {
    rep: maxRep === 0 ? null : levels(maxRep, bytes.subarray(0, repBytes)),
    def: maxDef === 0 ? null : levels(maxDef, bytes.subarray(repBytes, start)),
    body,
    encoding: v2.encoding,
  };
}

export async function decodeDictionary(
  { dictionary_page_header: found, uncompressed_page_size: size }: PageHeader,
  bytes: Uint8Array,
  { leaf, codec }: { readonly leaf: Leaf; readonly codec: string },
): Promise<Texts> {
  const count = found?.num_values ?? -1;
  if (count < 0 || count > MAX_VALUES) throw new Damage(`a dictionary of ${count} values`);
  const body = await decompress(codec, bytes, size);
  return decoding(() => converted(plain(body, count, leaf), leaf));
}

function readValues(
  body: Uint8Array,
  count: number,
  encoding: string,
  leaf: Leaf,
  dictionary: Texts | null,
): Texts {
  if (count === 0) return { values: [], hasBadText: false };
  if (encoding === 'RLE_DICTIONARY' || encoding === 'PLAIN_DICTIONARY') {
    if (dictionary === null) throw new Damage('its dictionary is missing');
    const positions = readRuns(body.subarray(1), body[0] ?? 0, new Uint32Array(count));
    const values = lookUp(positions, dictionary.values);
    return { values, hasBadText: dictionary.hasBadText && Array.prototype.includes.call(values, BAD_TEXT) };
  }
  if (encoding === 'RLE' && leaf.element.type === 'BOOLEAN') {
    return { values: booleans(body, count), hasBadText: false };
  }
  return converted(plainOrDelta(body, count, encoding, leaf), leaf);
}

/** Numbers stay in a typed array. */
function lookUp(positions: Uint32Array, dictionary: Values): Values {
  const { length } = positions;
  const values = isNumbers(dictionary)
    ? new (dictionary.constructor as Float64ArrayConstructor)(length)
    : Array<unknown>(length);
  for (let i = 0; i < length; i++) {
    const at = positions[i]!;
    if (at >= dictionary.length) throw new Damage('a value is not in its dictionary');
    values[i] = dictionary[at] as number;
  }
  return values;
}

/** The runs have their length in front, in pages of both versions. */
function booleans(body: Uint8Array, count: number): boolean[] {
  return Array.from(readRuns(body.subarray(4), 1, new Uint8Array(count)), (bit) => bit === 1);
}

type Decoded = ReturnType<typeof readPlain>;

function plainOrDelta(body: Uint8Array, count: number, encoding: string, leaf: Leaf): Decoded {
  const { type, type_length: width } = leaf.element;
  const reader = { view: viewOf(body), offset: 0 };
  switch (encoding) {
    case 'PLAIN':
      return plain(body, count, leaf);
    case 'BYTE_STREAM_SPLIT':
      return byteStreamSplit(reader, count, type!, width);
    case 'DELTA_BINARY_PACKED': {
      const into = type === 'INT32' ? new Int32Array(count) : new BigInt64Array(count);
      deltaBinaryUnpack(reader, count, into);
      return into;
    }
    case 'DELTA_LENGTH_BYTE_ARRAY':
    case 'DELTA_BYTE_ARRAY': {
      const into = Array<Uint8Array>(count);
      if (encoding === 'DELTA_BYTE_ARRAY') deltaByteArray(reader, count, into);
      else deltaLengthByteArray(reader, count, into);
      return within(reader, into);
    }
    default:
      throw new Damage(`the encoding ${encoding} is not supported`);
  }
}

function plain(body: Uint8Array, count: number, { element }: Leaf): Decoded {
  const reader = { view: viewOf(body), offset: 0 };
  return within(reader, readPlain(reader, element.type!, count, element.type_length));
}

/** The decoders look at the memory behind the page, which may belong to something else. */
function within<T>({ view, offset }: { readonly view: DataView; readonly offset: number }, values: T): T {
  if (offset <= view.byteLength) return values;
  throw new Damage('its values end beyond their page');
}

function converted(decoded: Decoded, { path, element, schemaPath }: Leaf): Texts {
  let hasBadText = false;
  const values = convert(decoded, {
    pathInSchema: [...path],
    type: element.type!,
    element,
    schemaPath,
    codec: 'UNCOMPRESSED',
    parsers: parsersOf(element, () => (hasBadText = true)),
    utf8: false,
  });
  return { values, hasBadText };
}
