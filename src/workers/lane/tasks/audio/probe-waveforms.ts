/** Made-up waveforms for probing a model. They are always the same, and their ranges of values differ widely. Pure. */

/** A faint tone, noise over the whole range, a loud chord and silence. Like the images of probe-images.ts. */
export function probeWaveforms(samples: number): readonly Float32Array[] {
  return [
    draw(samples, (i) => 0.01 * Math.sin(i / 13)),
    draw(samples, (i) => ((Math.imul(i + 1, 2_654_435_761) >>> 0) / 2 ** 32) * 2 - 1),
    draw(samples, (i) => 0.4 * Math.sin(i / 9) + 0.3 * Math.sin(i / 5)),
    draw(samples, () => 0),
  ];
}

function draw(samples: number, value: (i: number) => number): Float32Array {
  return Float32Array.from({ length: samples }, (_, i) => value(i));
}
