// How configs of Hugging Face repositories become a model.json. The inputs are shortened configs of public models.
import { expect, it } from 'vitest';
import { readHuggingFaceConfig } from '#forebay/shared/models/hugging-face/model-config.js';
import { readPreprocessorConfig } from '#forebay/shared/models/hugging-face/preprocessor-config.js';

const square = (side: number) => ({ width: side, height: side });

it.each<[string, Record<string, unknown>, object, readonly string[]]>([
  [
    'ViT squashes',
    {
      image_processor_type: 'ViTImageProcessor',
      do_resize: true,
      size: { height: 224, width: 224 },
      resample: 2,
    },
    { resize: square(224), crop: 224, interpolation: 'bilinear' },
    [],
  ],
  [
    'an older ViT squashes, and gives its size as one number',
    { feature_extractor_type: 'ViTFeatureExtractor', size: 224, image_mean: [0.5, 0.5, 0.5], image_std: 0.5 },
    { resize: square(224), crop: 224, mean: [0.5, 0.5, 0.5], std: [0.5] },
    [],
  ],
  [
    'CLIP resizes and crops',
    { do_center_crop: true, crop_size: 224, size: 224, resample: 3 },
    { resize: 224, crop: 224, interpolation: 'bicubic' },
    [],
  ],
  [
    'MobileNetV2 resizes the shorter side and crops',
    { do_center_crop: true, crop_size: { height: 224, width: 224 }, size: { shortest_edge: 256 } },
    { resize: 256, crop: 224 },
    [],
  ],
  [
    'DeiT squashes and crops',
    { do_center_crop: true, crop_size: { height: 224, width: 224 }, size: { height: 256, width: 256 } },
    { resize: square(256), crop: 224 },
    [],
  ],
  [
    'ConvNeXt crops by its ratio',
    { image_processor_type: 'ConvNextImageProcessor', crop_pct: 0.875, size: { shortest_edge: 224 } },
    { resize: 256, crop: 224 },
    [],
  ],
  [
    'a large ConvNeXt squashes',
    { image_processor_type: 'ConvNextImageProcessorFast', crop_pct: 0.95, size: { shortest_edge: 384 } },
    { resize: square(384), crop: 384 },
    [],
  ],
  [
    'MobileViT has its channels in the other order and is not normalised',
    { size: { shortest_edge: 288 }, crop_size: 256, do_flip_channel_order: true, do_normalize: false },
    { resize: 288, crop: 256, color_order: 'bgr', mean: [0], std: [1] },
    [],
  ],
  // The processors below were compared with transformers 4.57, which gives the same pixels.
  [
    'for an older DeiT that crops, a bare number is both sides',
    { feature_extractor_type: 'DeiTFeatureExtractor', do_center_crop: true, crop_size: 224, size: 256 },
    { resize: square(256), crop: 224 },
    [],
  ],
  [
    'for an older CLIP it is the shorter side',
    { feature_extractor_type: 'CLIPFeatureExtractor', do_center_crop: true, crop_size: 224, size: 224 },
    { resize: 224, crop: 224 },
    [],
  ],
  [
    'for an older ConvNeXt, too, which does not say that it crops',
    { feature_extractor_type: 'ConvNextFeatureExtractor', crop_pct: 0.875, size: 224 },
    { resize: 256, crop: 224 },
    [],
  ],
  [
    'LeViT enlarges the shorter side by 256 / 224',
    { image_processor_type: 'LevitImageProcessor', crop_size: 224, size: { shortest_edge: 224 } },
    { resize: 256, crop: 224 },
    [],
  ],
  [
    'PoolFormer enlarges it by its ratio',
    { feature_extractor_type: 'PoolFormerFeatureExtractor', crop_size: 224, crop_pct: 0.9, size: 224 },
    { resize: 248, crop: 224 },
    [],
  ],
  [
    'PoolFormer without a ratio does not',
    { image_processor_type: 'PoolFormerImageProcessor', crop_size: 224, crop_pct: null, size: 256 },
    { resize: 256, crop: 224 },
    [],
  ],
  [
    'a ratio that the processor ignores is listed',
    { image_processor_type: 'ViTImageProcessor', size: 224, crop_pct: 0.9 },
    { resize: square(224), crop: 224 },
    ['preprocessor_config.json: crop_pct 0.9'],
  ],
  [
    'MobileViT never normalises',
    { feature_extractor_type: 'MobileViTFeatureExtractor', do_flip_channel_order: true },
    { color_order: 'bgr', mean: [0], std: [1] },
    [],
  ],
  [
    'EfficientNet divides by the deviation twice, and may move pixels by -1',
    {
      image_processor_type: 'EfficientNetImageProcessor',
      image_mean: [0.5, 0.25, 0],
      image_std: [0.5, 0.25, 1],
      include_top: true,
      rescale_offset: true,
    },
    { mean: [1.5, 1.25, 1], std: [0.25, 0.0625, 1] },
    [],
  ],
  [
    'OWLv2 makes images square before it squashes them, which is listed',
    { image_processor_type: 'Owlv2ImageProcessor', size: { height: 960, width: 960 }, do_pad: true },
    { resize: square(960), crop: 960 },
    ['preprocessor_config.json: do_pad true'],
  ],
  ['raw pixels are not rescaled', { do_rescale: false, rescale_factor: 0.1 }, { rescale: 1 }, []],
  [
    'a size need not be square',
    { size: { height: 480, width: 640 } },
    { resize: { width: 640, height: 480 }, crop: { width: 640, height: 480 } },
    [],
  ],
  [
    'a shorter side without a crop gives no fixed size',
    { size: { shortest_edge: 800, longest_edge: 1333 } },
    {},
    ['preprocessor_config.json: size {"shortest_edge":800,"longest_edge":1333}'],
  ],
  [
    'RT-DETR squashes; the padding of a batch and annotations have no effect',
    {
      image_processor_type: 'RTDetrImageProcessor',
      size: { height: 640, width: 640 },
      do_pad: true,
      format: 'coco_detection',
      do_convert_annotations: true,
    },
    { resize: square(640), crop: 640 },
    [],
  ],
  [
    'padding to a separate size is listed',
    { size: { height: 8, width: 8 }, do_pad: true, pad_size: { height: 16, width: 16 } },
    { resize: square(8), crop: 8 },
    ['preprocessor_config.json: do_pad true', 'preprocessor_config.json: pad_size {"height":16,"width":16}'],
  ],
  [
    'a crop has one size, whatever the limit of the longer side',
    { size: { shortest_edge: 40, longest_edge: 80 }, crop_size: 32 },
    { resize: 40, crop: 32 },
    [],
  ],
  [
    'a longer side without a limit has no effect',
    { image_processor_type: 'ConvNextImageProcessor', size: { shortest_edge: 384, longest_edge: null } },
    { resize: square(384), crop: 384 },
    [],
  ],
  [
    'for DETR a bare number is the shorter side',
    { feature_extractor_type: 'DetrFeatureExtractor', size: 800, max_size: 1333 },
    {},
    ['preprocessor_config.json: size 800, max_size 1333'],
  ],
  [
    'unknown fields are listed',
    { resample: 5, do_pad: true, pad_size: 8, do_reduce_labels: false, image_mean: [1, 2], image_std: 1 },
    {},
    [
      'preprocessor_config.json: do_pad true',
      'preprocessor_config.json: pad_size 8',
      'preprocessor_config.json: image_mean [1,2], image_std 1',
      'preprocessor_config.json: resample 5',
    ],
  ],
])('%s', (_what, config, preprocess, open) => {
  const reading = readPreprocessorConfig(config);
  expect(reading.preprocess).toEqual(preprocess);
  expect(reading.open.toSorted()).toEqual([...open].toSorted());
});

it('does not resize before it crops, as the processor of Perceiver does not', () => {
  const reading = readPreprocessorConfig({
    image_processor_type: 'PerceiverImageProcessor',
    do_center_crop: true,
    crop_size: { height: 256, width: 256 },
    size: { height: 224, width: 224 },
  });
  expect(reading).toMatchObject({
    preprocess: {},
    sizeProblem: expect.stringContaining('Perceiver') as string,
  });
});

it('reads class names and their meaning, but no placeholders and no regression', () => {
  const named = readHuggingFaceConfig({
    id2label: { 0: 'a', 1: 'b' },
    problem_type: 'multi_label_classification',
  });
  expect(named).toMatchObject({ labels: ['a', 'b'], activation: 'sigmoid', open: [] });
  expect(readHuggingFaceConfig({ id2label: { 0: 'LABEL_0', 1: 'LABEL_1' } }).labels).toBeNull();
  expect(readHuggingFaceConfig({}).labels).toBeNull();
  const gap = readHuggingFaceConfig({ id2label: { 1: 'a', 2: 'b' }, problem_type: 'other' });
  expect(gap).toMatchObject({
    labels: null,
    open: [expect.stringContaining('id2label'), expect.any(String)],
  });
  expect(() => readHuggingFaceConfig({ problem_type: 'regression' })).toThrow(
    /only classifiers are supported/,
  );
});
