/** Makes model folders for the benchmarks. */
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readModelConfig } from '../../dist/shared/models/read-model-config.js';
import { MODELS } from './models.js';
import { benchCache } from './places.js';

/**
 * A model folder that `forebay up` can serve. Image classifiers have no labels, because their class
 * names are not compared.
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
  for (const [file, { link, text }] of Object.entries(model.files?.() ?? {})) {
    const path = join(folder, file);
    rmSync(path, { force: true });
    if (link === undefined) writeFileSync(path, text);
    else symlinkSync(link, path);
  }
  writeFileSync(join(folder, 'model.json'), `${JSON.stringify(config, null, 2)}\n`);
  return folder;
}

/** @param {string} folder of a model */
export function configOf(folder) {
  const reading = readModelConfig(JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')));
  if (!reading.ok) throw new Error(`${folder}: ${JSON.stringify(reading.issues)}`);
  return reading.config;
}
