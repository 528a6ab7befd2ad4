/** Compares the pixels of the other decoders with those of `exact`, which equal Pillow's bit for bit. */
import sharp from 'sharp';

/**
 * `shrink` differs only on large photos, so it is compared on enlarged ones.
 * @param {readonly Buffer[]} photos
 * @param {Record<string, (image: Buffer) => Promise<Uint8Array>>} decoders
 * @returns {Promise<string[]>} a sentence for each decoder
 */
export async function pixelErrors(photos, decoders) {
  const compared = { fast: photos, 'sharp alone': photos, shrink: await enlarge(photos.slice(0, 8)) };
  const sentences = [];
  for (const [key, images] of Object.entries(compared)) {
    const { mean, worst } = await errorOf(images, decoders.exact, decoders[key]);
    sentences.push(`${key} against exact, of 255: mean ${mean.toFixed(3)}, worst ${worst}`);
  }
  return sentences;
}

async function enlarge(photos) {
  const large = [];
  for (const photo of photos) {
    large.push(await sharp(photo).resize(4000, 3000, { fit: 'fill' }).jpeg({ quality: 90 }).toBuffer());
  }
  return large;
}

async function errorOf(images, exact, decode) {
  let sum = 0;
  let worst = 0;
  let count = 0;
  for (const image of images) {
    const truth = await exact(image);
    const pixels = await decode(image);
    for (let i = 0; i < truth.length; i++) {
      const off = Math.abs(truth[i] - pixels[i]);
      sum += off;
      if (off > worst) worst = off;
    }
    count += truth.length;
  }
  return { mean: sum / count, worst };
}
