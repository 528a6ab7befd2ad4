/** Writes the same photos as a folder and in the files that people keep photos in. */
import { closeSync, copyFileSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { parquetWriteFile } from 'hyparquet-writer';

const COLUMNS = { id: 'id', image: 'image' };

/**
 * @param {string} folder an existing one, which gets everything
 * @param {readonly string[]} photos paths; a photo that comes twice is written twice
 * @returns {Record<string, object>} inputs of a job by the name of the source
 */
export function photoSources(folder, photos) {
  const files = photos.map((path, i) => ({ name: `${String(i).padStart(7, '0')}.jpg`, path }));
  const at = (name) => join(folder, name);
  mkdirSync(at('photos'));
  for (const { name, path } of files) copyFileSync(path, join(at('photos'), name));
  const all = files.map(({ name, path }) => ({ name, bytes: readFileSync(path) }));
  write(at('photos.tar'), tarOf(all));
  write(at('photos.zip'), zipOf(all));
  write(at('photos.jsonl'), linesOf(all));
  parquetWriteFile({
    filename: at('photos.parquet'),
    columnData: [
      { name: 'id', data: all.map(({ name }) => name), type: 'STRING' },
      { name: 'image', data: all.map(({ bytes }) => new Uint8Array(bytes)), type: 'BYTE_ARRAY' },
    ],
    rowGroupSize: 256,
  });
  return {
    folder: { type: 'files', path: at('photos') },
    tar: { type: 'archive', path: at('photos.tar') },
    zip: { type: 'archive', path: at('photos.zip') },
    parquet: { type: 'parquet', path: at('photos.parquet'), columns: COLUMNS },
    jsonl: { type: 'jsonl', path: at('photos.jsonl'), columns: COLUMNS },
  };
}

function write(path, pieces) {
  const file = openSync(path, 'w');
  for (const piece of pieces) writeSync(file, piece);
  closeSync(file);
}

function* linesOf(files) {
  for (const { name, bytes } of files)
    yield Buffer.from(`${JSON.stringify({ id: name, image: bytes.toString('base64') })}\n`);
}

/** The format of POSIX, "ustar". */
function* tarOf(files) {
  for (const { name, bytes } of files) {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('0ustar\x0000', 156, 'latin1');
    header.fill(' ', 148, 156);
    const sum = header.reduce((all, byte) => all + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    yield header;
    yield bytes;
    yield Buffer.alloc((512 - (bytes.length % 512)) % 512);
  }
  yield Buffer.alloc(1024);
}

/** Stored, not compressed, as photos usually are. */
function* zipOf(files) {
  const index = [];
  let offset = 0;
  for (const { name, bytes } of files) {
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt32LE(crc32(bytes), 10);
    facts.writeUInt32LE(bytes.length, 14);
    facts.writeUInt32LE(bytes.length, 18);
    facts.writeUInt16LE(name.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    index.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), facts, place, Buffer.from(name));
    for (const piece of [Buffer.from('PK\x03\x04'), facts, Buffer.from(name), bytes]) {
      yield piece;
      offset += piece.length;
    }
  }
  const directory = Buffer.concat(index);
  yield directory;
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  yield end;
}
