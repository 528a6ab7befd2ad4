/** Measures the CPU time per image of a decoder in this process, and of Pillow. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../harness/places.js';
import { inScratch } from '../harness/scratch.js';

/** Counts the whole process, because libvips decodes on its own threads. @returns ms per image */
export async function meanCpuMs(images, rounds, decode) {
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round++) for (const image of images) await decode(image);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / rounds / images.length;
}

/**
 * @param {string} python an interpreter that has Pillow
 * @returns ms per image
 */
export async function pillowCpuMs(python, { preprocess: { resize, crop }, images, rounds }) {
  return inScratch(async (scratch) => {
    const files = images.map((image, i) => {
      const path = join(scratch, `${i}.jpg`);
      writeFileSync(path, image);
      return path;
    });
    const input = JSON.stringify({ files, rounds, resize: resize ?? null, crop });
    const program = join(root, 'bench', 'decode', 'pillow.py');
    return JSON.parse(execFileSync(python, [program], { input, encoding: 'utf8' }));
  });
}
