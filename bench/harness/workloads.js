/** The models and files that the benchmarks run. Generated ones are kept in the cache folder. */
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
import { readModelConfig } from '../../dist/shared/models/read-model-config.js';
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

/** The graph and the config of each model. */
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
 * A model folder that `forebay up` can serve. It has no labels, because class names are not compared.
 * @param {string} name a key of MODELS; the suffix `-fast` selects the `fast` JPEG decoder
 * @param {object} [change] fields of the config to replace
 * @returns {string} absolute path
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
  const reading = readModelConfig(JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')));
  if (!reading.ok) throw new Error(`${folder}: ${JSON.stringify(reading.issues)}`);
  return reading.config;
}

/** The graph of the text encoder. The service has no task for it yet, so it needs no model folder. @returns {string} path */
export function textEncoder() {
  return generated('bert-base-seed1.onnx', writeBertBase);
}

/** Returns the path of a file in the cache. Writes the file if it is absent. */
function generated(file, write) {
  const path = join(benchCache('graphs'), file);
  if (existsSync(path)) return path;
  const part = `${path}.${process.pid}`;
  write(part, { seed: 1 });
  renameSync(part, path);
  return path;
}

/**
 * Repeats the list of files up to `count` entries.
 * @param {readonly string[]} files
 * @param {number} count
 */
export function repeated(files, count) {
  return Array.from({ length: count }, (_, i) => files[i % files.length]);
}

/**
 * The shared photos, repeated.
 * @param {number} count
 * @returns {string[]} paths
 */
export function photos(count) {
  const folder = sharedData('photos');
  const files = readdirSync(folder).toSorted();
  return repeated(
    files.map((file) => join(folder, file)),
    count,
  );
}

const MAX_DIGITS = 20_000;

/**
 * Generated digits, repeated. Up to 10,000 rows use 5,000 pictures, longer lists use 20,000.
 * @param {number} count
 * @returns {string[]} paths
 */
export function digits(count) {
  const most = count > 10_000 ? MAX_DIGITS : 5000;
  const folder = join(benchCache(), `digits-${most}`);
  if (!existsSync(folder)) {
    const part = `${folder}.${process.pid}`;
    mkdirSync(part);
    const args = ['--out', join(part, 'images'), '--count', String(most)];
    execFileSync(process.execPath, [join(root, 'examples', 'digits', 'generate.js'), ...args]);
    renameSync(part, folder);
  }
  const files = readdirSync(join(folder, 'images')).toSorted();
  return repeated(
    files.map((file) => join(folder, 'images', file)),
    count,
  );
}

/**
 * Writes a manifest that lists the files.
 * @param {string} name
 * @param {readonly string[]} files absolute paths
 * @returns `input` for a job, and `roots`: the folders that the job must be allowed to read
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
