/** What is computed: model folders, and files as rows. Whatever is generated lies in the cache folder. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { MODEL_CONFIG } from '../../dist/shared/domain/model-config.js';
import { writeBertBase } from '../models/bert-base.js';
import { writeResnet50 } from '../models/resnet50.js';
import { benchCache, root, sharedData } from './places.js';

const PHOTO = {
  resize: 256,
  crop: 224,
  interpolation: 'bicubic',
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};
const DIGITS = join(root, 'examples', 'digits', 'models', 'digits-small');

/** Name -> how its folder is made. `-fast`: the same graph, JPEGs decoded fast. */
const MODELS = {
  mobilenetv2: { graph: () => sharedData('models', 'mobilenetv2.onnx'), config: photoConfig },
  resnet50: { graph: () => generated('resnet50-seed1.onnx', writeResnet50), config: photoConfig },
  'digits-small': { graph: () => join(DIGITS, 'model.onnx'), config: digitsConfig },
};

function photoConfig() {
  return { task: 'image-classification', preprocess: PHOTO, softmax: true };
}

function digitsConfig() {
  const config = JSON.parse(readFileSync(join(DIGITS, 'model.json'), 'utf8'));
  delete config.labels;
  return config;
}

/**
 * A model folder that `forebay up` can serve. No labels: class names are not what is compared.
 * @param {string} name of MODELS, perhaps with `-fast` @param {object} [change] of the config @returns {string} absolute
 */
export function modelFolder(name, change = {}) {
  const fast = name.endsWith('-fast');
  const model = MODELS[fast ? name.slice(0, -5) : name];
  const config = { ...model.config(), ...change, name };
  if (fast) config.preprocess = { ...config.preprocess, decode: 'fast' };
  const suffix = Object.values(change).length === 0 ? [] : [JSON.stringify(change).replaceAll(/\W+/g, '_')];
  const folder = benchCache('models', ...suffix, name);
  const graph = join(folder, 'model.onnx');
  const source = model.graph();
  rmSync(graph, { force: true });
  symlinkSync(source, graph);
  writeFileSync(join(folder, 'model.json'), `${JSON.stringify(config, null, 2)}\n`);
  return folder;
}

/** @param {string} folder of a model */
export function configOf(folder) {
  return MODEL_CONFIG.parse(JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')));
}

/** The text encoder's graph; no model folder, since the service has no task for it yet. @returns {string} its path */
export function textEncoder() {
  return generated('bert-base-seed1.onnx', writeBertBase);
}

/** A file of the cache, written once. */
function generated(file, write) {
  const path = join(benchCache('graphs'), file);
  if (existsSync(path)) return path;
  const part = `${path}.${process.pid}`;
  write(part, { seed: 1 });
  renameSync(part, path);
  return path;
}

/** The shared photos, over and over. @param {number} count @returns {string[]} paths */
export function photos(count) {
  const folder = sharedData('photos');
  const files = readdirSync(folder).toSorted();
  return Array.from({ length: count }, (_, i) => join(folder, files[i % files.length]));
}

const MOST_DIGITS = 20_000;

/** Generated digits, over and over beyond 20,000 (or, for small counts, beyond 5,000). @param {number} count @returns {string[]} paths */
export function digits(count) {
  const most = count > 10_000 ? MOST_DIGITS : 5000;
  const folder = join(benchCache(), `digits-${most}`);
  if (!existsSync(folder)) {
    const part = `${folder}.${process.pid}`;
    mkdirSync(part);
    const args = ['--out', join(part, 'images'), '--count', String(most)];
    execFileSync(process.execPath, [join(root, 'examples', 'digits', 'generate.js'), ...args]);
    renameSync(part, folder);
  }
  const files = readdirSync(join(folder, 'images')).toSorted();
  return Array.from({ length: count }, (_, i) => join(folder, 'images', files[i % files.length]));
}

/**
 * A manifest of these files.
 * @param {string} name @param {readonly string[]} files absolute paths
 * @returns what a job takes as `input`, and the folders that it must be allowed to read
 */
export function manifest(name, files) {
  const folder = benchCache('manifests');
  const path = join(folder, `${name}-${process.pid}.txt`);
  writeFileSync(path, files.join('\n'));
  if (manifests.size === 0) process.once('exit', forgetManifests);
  manifests.add(path);
  return {
    input: { type: 'manifest', path },
    roots: [folder, ...new Set(files.map((file) => dirname(file)))],
  };
}

const manifests = new Set();

function forgetManifests() {
  for (const path of manifests) rmSync(path, { force: true });
}
