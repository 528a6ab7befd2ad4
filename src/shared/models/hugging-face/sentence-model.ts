/** What the folder of a sentence-transformers model says: the steps of modules.json, pooling, prompts. */
import { objectIn, type ForeignFiles } from '../foreign-files.ts';
import type { Described } from './described.ts';
import type { Json } from './reading.ts';
import { describeText, sentenceLimits } from './text-settings.ts';

/** By the fields of a Pooling module, or by its `pooling_mode`. */
const POOLINGS = new Map([
  ['pooling_mode_cls_token', 'cls'],
  ['pooling_mode_mean_tokens', 'mean'],
  ['pooling_mode_max_tokens', 'max'],
  ['pooling_mode_lasttoken', 'last'],
  ['cls', 'cls'],
  ['mean', 'mean'],
  ['max', 'max'],
  ['lasttoken', 'last'],
]);

export async function describeSentenceModel(files: ForeignFiles, config: Json): Promise<Described> {
  const texts = await describeText(files, config);
  const missing = new Map(texts.missing);
  const notes = [...texts.notes];
  const modules = await readModules(files);
  const unknown = modules.filter(({ type }) => !KNOWN.includes(type));
  for (const { type } of unknown) {
    missing.set('/task', `modules.json has the step ${type}, which Forebay does not support`);
  }
  const pooling = await readPooling(files, modules, missing, notes);
  const sentence = await objectIn(files, 'sentence_bert_config.json');
  const { own, lowest: maxLength } = await sentenceLimits(files, texts.fields);
  if (own !== null) missing.delete('/max_length');
  if (sentence['do_lower_case'] === true) {
    notes.push('sentence_bert_config.json: do_lower_case true is not followed; tokenizer.json decides');
  }
  const prompts = await readPrompts(files);
  const normalize = modules.some(({ type }) => type === 'Normalize');
  const isOwn = maxLength !== null && maxLength === own;
  return {
    fields: {
      ...texts.fields,
      ...(maxLength === null ? {} : { max_length: maxLength }),
      ...(pooling === null ? {} : { pooling }),
      normalize,
      ...prompts,
    },
    missing,
    notes,
    taken: [
      ...texts.taken!.filter((line) => !isOwn || !line.startsWith('max_length')),
      ...(isOwn ? [`max_length ${own}: taken from sentence_bert_config.json`] : []),
      ...(pooling === null ? [] : [`pooling "${pooling}": taken from the step Pooling`]),
      `normalize ${normalize}: taken from modules.json`,
      ...Object.keys(prompts).map((field) => `${field}: taken from config_sentence_transformers.json`),
    ],
  };
}

const KNOWN: readonly string[] = ['Transformer', 'Pooling', 'Normalize'];

interface Module {
  /** The last part of the name of its class. */
  readonly type: string;
  readonly path: string;
}

async function readModules(files: ForeignFiles): Promise<readonly Module[]> {
  const list = await files.json('modules.json');
  if (!Array.isArray(list)) throw new Error('modules.json is not a list');
  return (list as readonly Json[]).map(({ type, path }) => ({
    type: String(type).split('.').at(-1)!,
    path: typeof path === 'string' ? path : '',
  }));
}

async function readPooling(
  files: ForeignFiles,
  modules: readonly Module[],
  missing: Map<string, string>,
  notes: string[],
): Promise<string | null> {
  const module = modules.find(({ type }) => type === 'Pooling');
  if (module === undefined) {
    missing.set('/pooling', 'modules.json has no step Pooling');
    return null;
  }
  const file = `${module.path}/config.json`;
  const config = await objectIn(files, file);
  const mode = config['pooling_mode'];
  const modes =
    typeof mode === 'string'
      ? [mode]
      : Object.keys(config).filter((key) => key.startsWith('pooling_mode_') && config[key] === true);
  if (config['include_prompt'] === false) {
    notes.push(`${file}: include_prompt false is not followed; the tokens of a prompt are pooled, too`);
  }
  const pooling = modes.length === 1 ? POOLINGS.get(modes[0]!) : undefined;
  if (pooling === undefined) missing.set('/pooling', `${file} names ${modes.join(' and ') || 'no pooling'}`);
  return pooling ?? null;
}

async function readPrompts(files: ForeignFiles): Promise<Json> {
  const config = await objectIn(files, 'config_sentence_transformers.json');
  const { prompts, default_prompt_name: name } = config;
  const given = Object.entries(Object(prompts) as Json).filter(([, text]) => typeof text === 'string');
  if (given.length === 0) return {};
  return { prompts: Object.fromEntries(given), ...(typeof name === 'string' ? { prompt: name } : {}) };
}
