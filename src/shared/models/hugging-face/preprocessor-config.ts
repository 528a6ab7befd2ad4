/** Reads a Hugging Face repository's `preprocessor_config.json`. Lists what it does not understand or support. Pure. */
import type { Preprocess } from '../../tasks/image/preprocess.ts';
import { sizeText } from '../../tasks/image/size-text.ts';
import { readGeometry } from './processor-geometry.ts';
import { readNormalisation } from './processor-values.ts';
import type { Json, Reading } from './reading.ts';

export interface PreprocessorConfig extends Reading {
  readonly preprocess: Partial<Preprocess>;
  /**
   * Why Forebay cannot give images the size that the processor gives them. Null if it can, or if no size is named or
   * understood.
   */
  readonly sizeProblem: string | null;
}

/** By Pillow's numbers. 5 (hamming) is not supported. */
const RESAMPLE = new Map<unknown, Preprocess['interpolation']>([
  [0, 'nearest'],
  [1, 'lanczos'],
  [2, 'bilinear'],
  [3, 'bicubic'],
  [4, 'box'],
]);

/** Fields that do not affect pixels, or that describe what is done anyway. */
const HARMLESS = new Set([
  'image_processor_type',
  'feature_extractor_type',
  'processor_class',
  'do_convert_rgb',
  'default_to_square',
  'data_format',
  'input_data_format',
  'return_tensors',
  'device',
  'disable_grouping',
  // About annotations, which only training has.
  'format',
  'do_convert_annotations',
  'do_reduce_labels',
  'reduce_labels',
  'return_segmentation_masks',
]);

export function readPreprocessorConfig(config: Json): PreprocessorConfig {
  const fields = new Map(Object.entries(config).filter(([, value]) => value !== null));
  const taken: string[] = [];
  const open: string[] = [];
  const take = (key: string): unknown => {
    const value = fields.get(key);
    fields.delete(key);
    return value;
  };
  const because = (said: string, ...keys: string[]) =>
    taken.push(`${said}: taken from preprocessor_config.json (${keys.join(', ')})`);
  const processor = String(config['image_processor_type'] ?? config['feature_extractor_type']);
  const geometry = readGeometry(take, processor, config['crop_pct'] === null);
  open.push(...geometry.open);
  // Images of one size need no padding.
  if (geometry.isWhole === true && fields.get('pad_size') === undefined && !PADS_FIRST.test(processor))
    fields.delete('do_pad');
  const preprocess: Partial<Preprocess> = { ...geometry.preprocess };
  if (preprocess.crop !== undefined) {
    const resize = preprocess.resize === undefined ? '' : `resize ${sizeText(preprocess.resize)}, `;
    because(`preprocess.${resize}crop ${sizeText(preprocess.crop)}`, ...geometry.keys);
  }

  const resample = take('resample');
  const interpolation = RESAMPLE.get(resample);
  if (interpolation !== undefined) {
    preprocess.interpolation = interpolation;
    because(`preprocess.interpolation "${interpolation}"`, 'resample');
  } else if (resample !== undefined) fields.set('resample', resample);

  const factor = take('do_rescale') === false ? 1 : take('rescale_factor');
  fields.delete('rescale_factor');
  if (typeof factor === 'number') {
    preprocess.rescale = factor;
    because(`preprocess.rescale ${factor}`, factor === 1 ? 'do_rescale' : 'rescale_factor');
  }

  const values = readNormalisation(take, processor);
  open.push(...values.open);
  if (values.mean !== null) {
    const { mean, std, keys } = values;
    Object.assign(preprocess, { mean, std });
    because(`preprocess.mean [${mean.join(', ')}], std [${std.join(', ')}]`, ...keys);
  }

  if (take('do_flip_channel_order') === true) {
    preprocess.color_order = 'bgr';
    because('preprocess.color_order "bgr"', 'do_flip_channel_order');
  }
  for (const [key, value] of fields) {
    if (HARMLESS.has(key) || key.startsWith('_') || value === false) continue;
    open.push(`preprocessor_config.json: ${key} ${JSON.stringify(value)}`);
  }
  return { preprocess, taken, open, sizeProblem: geometry.problem ?? null };
}

/** It makes an image square before it resizes it. */
const PADS_FIRST = /^owlv2/i;
