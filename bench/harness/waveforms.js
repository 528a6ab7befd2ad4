/** Generated WAV files: a voice-like buzz that comes and goes, of 1 to 4 seconds. They are kept in the cache folder. */
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { benchCache } from './places.js';
import { repeated } from './workloads.js';

const FILES = 128;
const RATE = 16_000;
const HEADER_BYTES = 44;
const SHORTEST_S = 1;
const LONGEST_S = 4;
/** Mixes the lengths, so that any consecutive files have short and long ones. */
const STEP = 37;

/**
 * Repeats the files up to `count` paths.
 * @param {number} count
 */
export function waveforms(count) {
  const folder = join(benchCache(), `waveforms-${FILES}`);
  if (!existsSync(folder)) {
    const part = `${folder}.${process.pid}`;
    mkdirSync(part);
    for (let i = 0; i < FILES; i++) writeFileSync(join(part, `${String(i).padStart(3, '0')}.wav`), wav(i));
    renameSync(part, folder);
  }
  const files = readdirSync(folder).toSorted();
  return repeated(
    files.map((file) => join(folder, file)),
    count,
  );
}

function wav(number) {
  const share = ((number * STEP) % FILES) / (FILES - 1);
  const samples = Math.round(RATE * (SHORTEST_S + share * (LONGEST_S - SHORTEST_S)));
  const pitch = 110 + number;
  const bytes = Buffer.alloc(HEADER_BYTES + 2 * samples);
  bytes.write('RIFF');
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(RATE, 24);
  bytes.writeUInt32LE(RATE * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(2 * samples, 40);
  for (let i = 0; i < samples; i++) {
    const t = i / RATE;
    const loud = Math.max(0, Math.sin(2 * Math.PI * 1.5 * t));
    const tone = [1, 2, 3, 4].reduce((sum, k) => sum + Math.sin(2 * Math.PI * k * pitch * t) / k, 0);
    bytes.writeInt16LE(Math.round(8000 * loud * tone), HEADER_BYTES + 2 * i);
  }
  return bytes;
}
