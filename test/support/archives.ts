// Archives made byte by byte, so that tests can also make wrong ones.
import { crc32, deflateRawSync } from 'node:zlib';

export interface TarFile {
  readonly name: string;
  readonly body?: string | Buffer;
  /** One character, such as `5` for a folder. Default: a file. */
  readonly type?: string;
  /** Written instead of the size of the body. */
  readonly size?: number;
  /** Writes the size in binary. */
  readonly binarySize?: boolean;
}

const ustarName = (name: string) => Buffer.from(name, 'utf8').subarray(0, 100);

export function tarHeader({ name, body = '', type = '0', size, binarySize = false }: TarFile): Buffer {
  const header = Buffer.alloc(512);
  const bytes = size ?? Buffer.from(body).length;
  header.set(ustarName(name));
  header.write('0000644\0', 100);
  if (binarySize) {
    header[124] = 0x80;
    header.writeBigUInt64BE(BigInt(bytes), 128);
  } else header.write(`${bytes.toString(8).padStart(11, '0')}\0`, 124);
  header.write(type, 156);
  header.write('ustar\x0000', 257, 'latin1');
  header.fill(' ', 148, 156);
  const sum = header.reduce((all, byte) => all + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

export function padded(body: string | Buffer): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

export function makeTar(files: Iterable<TarFile>): Buffer {
  const pieces: Buffer[] = [];
  for (const file of files) pieces.push(tarHeader(file), padded(file.body ?? ''));
  return Buffer.concat([...pieces, Buffer.alloc(1024)]);
}

export interface ZipFile {
  readonly name: string | Buffer;
  readonly body?: string | Buffer;
  /** 0 is stored, 8 is deflated. */
  readonly method?: number;
  readonly flags?: number;
  readonly crc?: number;
  /** Written in the index instead of the size of the body. */
  readonly size?: number;
}

export function makeZip(files: Iterable<ZipFile>): Buffer {
  const contents: Buffer[] = [];
  const index: Buffer[] = [];
  let offset = 0;
  for (const { name: given, body = '', method = 8, flags = 0, crc, size } of files) {
    const bytes = Buffer.from(body);
    const name = Buffer.from(given);
    const packed = method === 8 ? deflateRawSync(bytes) : bytes;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(flags, 2);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(crc ?? crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(size ?? bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    contents.push(Buffer.from('PK\x03\x04'), common, name, packed);
    index.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, place, name);
    offset += 30 + name.length + packed.length;
  }
  const directory = Buffer.concat(index);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  const count = Math.min(0xffff, index.length / 4);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...contents, directory, end]);
}
