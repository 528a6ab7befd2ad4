/** What happens to the pixels of an image before the model, in words. */
import type { TaskSteps } from '../task-description.ts';
import type { DecodeMode } from './decode-mode.ts';
import { channelCount, inputSize, type Preprocess } from './preprocess.ts';
import { canShrink } from './shrinking.ts';

/** `preprocess`: null if nobody knows the config. `asked`: the job's choice, which overrides the config's. Null: none. */
export function imageSteps(preprocess: Preprocess | null, asked: DecodeMode | null): TaskSteps['prepare'] {
  return [
    { operator: 'decode', does: decoding(preprocess, asked) },
    { operator: 'resample', does: preprocess ? resampling(preprocess) : "to the model's input size" },
    { operator: 'normalise', does: preprocess ? normalising(preprocess) : 'pixels to the input tensor' },
  ];
}

function decoding(preprocess: Preprocess | null, asked: DecodeMode | null): string {
  const chosen = asked ?? preprocess?.decode ?? null;
  const mode = chosen === 'shrink' && preprocess && !canShrink(preprocess) ? 'exact' : chosen;
  const { auto_orient, icc } = preprocess ?? { auto_orient: false, icc: 'ignore' };
  // The JPEG codecs handle neither colour profiles nor orientation. If the config asks for either, libvips decodes.
  const byLibvips = auto_orient || icc === 'convert';
  return [
    'image bytes to pixels',
    ...(mode === null ? [] : [byLibvips ? LIBVIPS_MODES[mode] : JPEG_MODES[mode]]),
    ...(auto_orient ? ['rotated by their EXIF orientation'] : []),
    ...(icc === 'convert' ? ['converted to sRGB'] : []),
  ].join(', ');
}

const JPEG_MODES: Readonly<Record<DecodeMode, string>> = {
  exact: 'JPEG exactly as in Pillow',
  fast: 'JPEG by libjpeg with its fast transform (a few values differ slightly)',
  shrink: 'JPEG exactly as in Pillow, large ones shrunk while they are decoded',
};
const LIBVIPS = 'JPEG by libvips';
const LIBVIPS_MODES: Readonly<Record<DecodeMode, string>> = {
  exact: LIBVIPS,
  fast: LIBVIPS,
  shrink: `${LIBVIPS}, large ones shrunk while they are decoded`,
};

function resampling(preprocess: Preprocess): string {
  const { resize, interpolation, align = 'centre', pad } = preprocess;
  const { width, height } = inputSize(preprocess);
  const size = `${width} x ${height}`;
  const where = align === 'centre' ? 'centre' : 'top left';
  const shade = pad === undefined ? [] : [`padded with ${Array.isArray(pad) ? pad.join(' ') : pad}`];
  if (resize === 'letterbox') return [`fitted into ${size}`, interpolation, where, ...shade].join(', ');
  const cut = [`${where} ${size}`, ...shade];
  if (resize === undefined) return [...cut, 'not resized'].join(', ');
  if (typeof resize === 'number') return [`shorter side to ${resize}`, interpolation, ...cut].join(', ');
  const isCut = resize.width !== width || resize.height !== height;
  return [`to ${resize.width} x ${resize.height}`, interpolation, ...(isCut ? cut : [])].join(', ');
}

function normalising(preprocess: Preprocess): string {
  const { color_order, rescale } = preprocess;
  const rounded = (n: number) => String(Number(n.toPrecision(4)));
  const isGrey = channelCount(preprocess) === 1;
  const list = (values: readonly number[]) => (isGrey ? values.slice(0, 1) : values).map(rounded).join(' ');
  const colours = isGrey ? 'grey' : color_order.toUpperCase();
  return `(pixel x ${rounded(rescale)} - ${list(preprocess.mean)}) / ${list(preprocess.std)}, ${colours}`;
}
