// Expected values are those of timm 1.0.31, whose pixels were compared by hand for all its 173 different configs.
import { expect, it } from 'vitest';
import { describeTimm, isTimm, readTimm } from '#forebay/shared/models/hugging-face/timm-settings.js';

const DATA = {
  tag: 'ra_in1k',
  input_size: [3, 288, 288],
  test_input_size: [3, 320, 320],
  crop_pct: 0.95,
  crop_mode: 'center',
  interpolation: 'bicubic',
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  num_classes: 1000,
};
const config = (more: object = {}) => ({
  architecture: 'resnet50',
  num_classes: 1000,
  pretrained_cfg: { ...DATA, ...more },
});

it('the shorter side becomes the input divided by crop_pct, rounded down', () => {
  const { preprocess, missing, unlessGiven, open } = readTimm(config());
  expect(preprocess).toEqual({
    resize: 303,
    crop: 288,
    interpolation: 'bicubic',
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  });
  expect([missing.size, unlessGiven.size]).toEqual([0, 0]);
  expect(open).toEqual(['config.json: test_input_size [3,320,320] is not followed']);
  const squash = config({ crop_mode: 'squash', input_size: [3, 256, 128], crop_pct: 1 });
  expect(readTimm(squash).preprocess).toMatchObject({
    resize: { width: 128, height: 256 },
    crop: { width: 128, height: 256 },
  });
});

it('older files have the fields outside, and what timm fills in is noted', () => {
  const { pretrained_cfg: _, ...flat } = { ...config(), ...DATA, crop_pct: null, interpolation: '' };
  expect(isTimm(flat)).toBe(true);
  const { preprocess, unlessGiven, missing } = readTimm({ ...flat, interpolation: undefined });
  expect(preprocess).toMatchObject({ resize: Math.floor(288 / 0.875), interpolation: 'bicubic' });
  expect([...unlessGiven]).toEqual([
    ['/preprocess/resize', 'config.json has no crop_pct: timm then takes 0.875'],
    ['/preprocess/interpolation', 'config.json has no interpolation: timm then takes "bicubic"'],
  ]);
  expect(missing.size).toBe(0);
  expect(isTimm({ architectures: ['ResNetForImageClassification'], model_type: 'resnet' })).toBe(false);
});

it.each([
  [{ crop_mode: 'border' }, '/preprocess/resize', 'crop_mode "border"; Forebay knows "center" and "squash"'],
  [
    { interpolation: 'hamming' },
    '/preprocess/interpolation',
    'interpolation "hamming"; Forebay knows bicubic',
  ],
  [{ input_size: [3, 224, 112] }, '/preprocess/resize', 'Forebay resizes only for square inputs'],
  [{ input_size: [1, 224, 224] }, '/preprocess/crop', 'images have 3 channels'],
  [{ mean: 'imagenet' }, '/preprocess/mean', 'mean "imagenet"; one number or three are needed'],
])('what Forebay cannot do must be given: %j', (more, path, why) => {
  expect(readTimm(config(more)).missing.get(path)).toContain(why);
});

it('a model with classes is a classifier, and notes say what no file says', () => {
  const named = describeTimm({ ...config(), label_names: ['cat', 'dog'] });
  expect(named.fields).toMatchObject({ activation: 'softmax', labels: 'config.json' });
  expect([...named.unlessGiven!.keys()]).toEqual(['/activation']);
  const plain = describeTimm(config());
  expect(plain.fields).not.toHaveProperty('labels');
  expect([...plain.unlessGiven!.keys()]).toEqual(['/activation', '/labels']);
  expect(describeTimm({ ...config(), num_classes: 0 }).fields).not.toHaveProperty('activation');
});
