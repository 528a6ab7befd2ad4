/** Resizes parts of pictures as if each were an image file of its own. */
import type { Picture, PicturePart } from '../picture.ts';
import type { ResamplingKernel } from '../resample/kernel.ts';
import { planResampling } from '../resample/pillow-resampler.ts';
import { checkedGeometry, kernelWindow, sourceUse } from './crop.ts';
import type { DecodeConfig, Decoder, DecodeOptions, TakeWindow } from './decoder.ts';

/** Hands the window of a part to `take`. Throws ForebayError `too_many_pixels`. */
export type PartResizer = (part: PicturePart, take: TakeWindow<void>) => void;

export function createPartResizer(options: DecodeOptions, kernel: ResamplingKernel): PartResizer {
  const use = sourceUse(options);
  return (part, take) => {
    const { size } = part;
    const geometry = checkedGeometry(size, size.width * size.height * 3, options);
    // This plan is not cached, because crops rarely have the same size.
    const plan = planResampling(size, geometry, options.interpolation);
    const { region } = plan;
    const stride = region.width * 3;
    part.copy(region, kernel.open(plan, use).whole(stride * region.height, 0, stride));
    take(kernelWindow(kernel, plan, use), geometry);
  };
}

/** What decides about the pixels of a whole picture. */
export type PictureConfig = Pick<DecodeConfig, 'icc' | 'auto_orient' | 'decode'>;

/** The config of a decoder that neither resizes nor crops. */
export function wholeConfig({ icc, auto_orient, decode }: PictureConfig): DecodeConfig {
  return {
    icc,
    auto_orient,
    // There is nothing to shrink to.
    decode: decode === 'shrink' ? 'exact' : decode,
    whole: true,
    crop: 1,
    color_order: 'rgb',
    interpolation: 'bilinear',
  };
}

/** `decoder`: created with a wholeConfig. Throws or rejects as Decoder.decodeTo does. */
export function decodePicture(decoder: Decoder, image: Uint8Array): Picture | Promise<Picture> {
  return decoder.decodeTo(image, (window, { source }) => ({ ...source, pixels: window.pixels() }));
}
