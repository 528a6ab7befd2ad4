/**
 * Reads `config.json` of a timm model. The preprocessing gives the pixels of timm's transform for evaluation (timm 1.0,
 * `transforms_imagenet_eval`). Pure.
 */
import { INTERPOLATIONS, type Preprocess } from '../../tasks/image/preprocess.ts';
import type { Described } from './described.ts';
import type { Json, Reading } from './reading.ts';
import { isJsonObject } from '../../text/is-json-object.ts';

/** The fields that timm itself fills in if they are absent. */
const DEFAULTS = {
  input_size: [3, 224, 224],
  crop_pct: 0.875,
  crop_mode: 'center',
  interpolation: 'bicubic',
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
} as const;
type Field = keyof typeof DEFAULTS;

/** Fields of `pretrained_cfg` that change no pixel. */
const HARMLESS = new Set([
  'architecture',
  'classifier',
  'custom_load',
  'file',
  'first_conv',
  'fixed_input_size',
  'global_pool',
  'hf_hub_filename',
  'hf_hub_id',
  'label_descriptions',
  'label_names',
  'label_offset',
  'license',
  'min_input_size',
  'model_args',
  'num_classes',
  'num_features',
  'origin_url',
  'paper_ids',
  'paper_name',
  'notes',
  'pool_size',
  'pretrained_cfg',
  'source',
  'tag',
  'test_pool_size',
  'tags',
  'url',
]);

export function isTimm(config: Json): boolean {
  if (typeof config['architecture'] !== 'string') return false;
  return (
    isJsonObject(config['pretrained_cfg']) || (Array.isArray(config['mean']) && Array.isArray(config['std']))
  );
}

/** The number of classes. 0: the model returns features. Null: the file does not say. */
export function timmClasses(config: Json): number | null {
  const { num_classes: own, num_labels: labels } = config;
  const classes = own ?? labels ?? dataConfig(config)['num_classes'];
  return typeof classes === 'number' ? classes : null;
}

export interface TimmReading extends Reading {
  readonly preprocess: Partial<Preprocess>;
  /** Fields of model.json that must be given, each with the reason. */
  readonly missing: ReadonlyMap<string, string>;
  /** Notes that do not apply if model.json gives the field. */
  readonly unlessGiven: ReadonlyMap<string, string>;
}

export function readTimm(config: Json): TimmReading {
  const given = dataConfig(config);
  const missing = new Map<string, string>();
  const unlessGiven = new Map<string, string>();
  const valueOf = (field: Field): unknown => {
    const value = given[field] ?? null;
    if (value !== null) return value;
    unlessGiven.set(`/preprocess/${TARGETS[field]}`, absent(field));
    return DEFAULTS[field];
  };
  const refuse = (path: string, field: string, why: string) =>
    missing.set(`/preprocess/${path}`, `config.json: ${field} ${JSON.stringify(given[field])}; ${why}`);

  const preprocess: Partial<Preprocess> = {};
  const geometry = readGeometry(valueOf('input_size'), valueOf('crop_pct'), valueOf('crop_mode'));
  if ('why' in geometry) refuse(geometry.path, geometry.field, geometry.why);
  else Object.assign(preprocess, geometry);
  const wanted = valueOf('interpolation');
  const interpolation = INTERPOLATIONS.find((name) => name === wanted);
  if (interpolation !== undefined) preprocess.interpolation = interpolation;
  else refuse('interpolation', 'interpolation', `Forebay knows ${INTERPOLATIONS.join(', ')}`);
  for (const field of ['mean', 'std'] as const) {
    const values = valueOf(field);
    if (isPerChannel(values)) preprocess[field] = [...values];
    else refuse(field, field, 'one number or three are needed');
  }
  const known = (key: string) => HARMLESS.has(key) || Object.hasOwn(DEFAULTS, key);
  const others = Object.entries(given).filter(([key, value]) => !known(key) && (value ?? null) !== null);
  return {
    preprocess,
    missing,
    unlessGiven,
    taken: Object.entries(preprocess).map(
      ([field, value]) => `preprocess.${field} ${JSON.stringify(value)}: taken from config.json (timm)`,
    ),
    open: others.map(([key, value]) => `config.json: ${key} ${JSON.stringify(value)} is not followed`),
  };
}

/** The field of `preprocess` that each field of timm decides. */
const TARGETS: Readonly<Record<Field, string>> = {
  input_size: 'crop',
  crop_pct: 'resize',
  crop_mode: 'resize',
  interpolation: 'interpolation',
  mean: 'mean',
  std: 'std',
};

function absent(field: Field): string {
  return `config.json has no ${field}: timm then takes ${JSON.stringify(DEFAULTS[field])}`;
}

type Geometry =
  | Pick<Preprocess, 'resize' | 'crop'>
  | { readonly path: string; readonly field: Field; readonly why: string };

function readGeometry(size: unknown, share: unknown, mode: unknown): Geometry {
  const [channels, height, width] = Array.isArray(size) ? (size as readonly unknown[]) : [];
  if (typeof height !== 'number' || typeof width !== 'number')
    return { path: 'crop', field: 'input_size', why: 'channels, height and width are needed' };
  if (channels !== 3) return { path: 'crop', field: 'input_size', why: 'images have 3 channels' };
  if (typeof share !== 'number' || !(share > 0))
    return { path: 'resize', field: 'crop_pct', why: 'a number above 0 is needed' };
  const crop = width === height ? width : { width, height };
  const resized = { width: Math.floor(width / share), height: Math.floor(height / share) };
  if (mode === 'squash') return { resize: resized, crop };
  if (mode !== 'center')
    return { path: 'resize', field: 'crop_mode', why: 'Forebay knows "center" and "squash"' };
  if (width !== height) {
    const why = 'with crop_mode "center", Forebay resizes only for square inputs';
    return { path: 'resize', field: 'input_size', why };
  }
  return { resize: resized.width, crop };
}

/** A classifier or a model that returns features. */
export function describeTimm(config: Json): Described {
  const { preprocess, missing, unlessGiven, open } = readTimm(config);
  const isClassifier = (timmClasses(config) ?? 1) > 0;
  const notes = new Map(unlessGiven);
  if (isClassifier) {
    notes.set(
      '/activation',
      'scores come from softmax; set "activation": "sigmoid" for a model with independent classes',
    );
    if (!hasNames(config))
      notes.set('/labels', 'config.json has no label_names, so answers have only the numbers of classes');
  }
  return {
    fields: {
      preprocess,
      ...(isClassifier && { activation: 'softmax', ...(hasNames(config) && { labels: 'config.json' }) }),
    },
    missing,
    unlessGiven: notes,
    notes: open,
  };
}

function hasNames({ label_names: names }: Json): boolean {
  return Array.isArray(names) && names.length > 0;
}

/** In older files, these fields are at the top level. */
function dataConfig(config: Json): Json {
  return isJsonObject(config['pretrained_cfg']) ? config['pretrained_cfg'] : config;
}

function isPerChannel(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    (value.length === 1 || value.length === 3) &&
    value.every((one) => typeof one === 'number')
  );
}
