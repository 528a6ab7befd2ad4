/** Made-up images for probing a model. They are always the same, and their ranges of values differ widely. Pure. */
import type { Pixels } from './decode/decoder.ts';
import type { Size } from './resample/pillow-resampler.ts';

/**
 * Four RGB images of this size: a faint pattern, noise over the whole range, waves like those of large shapes, and
 * black. Some models use one scale per batch, as in dynamic quantisation. That scale is then too coarse for the first
 * image and right for the second.
 */
export function probeImages(size: Size): readonly Pixels[] {
  const random = generator();
  return [
    draw(size, (x, y) => 118 + (((x >> 3) + (y >> 3)) % 2) * 6),
    draw(size, () => Math.floor(random() * 256)),
    draw(size, (x, y, c) => Math.round(127.5 + 100 * Math.sin(x / (9 + c)) * Math.cos(y / (14 - c)))),
    draw(size, () => 0),
  ];
}

function draw({ width, height }: Size, value: (x: number, y: number, channel: number) => number): Pixels {
  const pixels = new Uint8Array(width * height * 3);
  for (let i = 0; i < pixels.length; i++) {
    const pixel = Math.floor(i / 3);
    pixels[i] = value(pixel % width, Math.floor(pixel / width), i % 3);
  }
  return pixels;
}

/** Numbers from 0 to 1: a linear congruential generator (Numerical Recipes), good enough for noise. */
function generator(): () => number {
  let state = 12_345;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
