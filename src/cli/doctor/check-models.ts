/** Checks each model of the model folders. */
import { ForebayError, messageOf } from '../../shared/errors.ts';
import { listModelFolders } from '../../shared/models/model-folder-reader.ts';
import type { ModelPlaces } from '../../shared/models/places/model-places.ts';
import { isObjectUrl } from '../../shared/stores/object-url.ts';
import { modelTitle } from '../../shared/models/version-name.ts';
import { formatBytes } from '../../shared/text/bytes.ts';
import type { Finding } from './finding.ts';

export async function checkModels(modelsDirs: readonly string[], places: ModelPlaces): Promise<Finding[]> {
  return (await Promise.all(modelsDirs.map(async (dir) => checkFolder(dir, places)))).flat();
}

async function checkFolder(dir: string, places: ModelPlaces): Promise<Finding[]> {
  try {
    const { models, problems } = await listModelFolders(dir, places);
    if (models.length + problems.length === 0) return [none(`none in ${dir}`)];
    return [
      ...models.map((model): Finding => ({
        level: 'ok',
        what: 'model',
        found: `${modelTitle({ name: model.ref.name, version: model.version })} (${formatBytes(model.bytes)}, ${model.dir})`,
        ...(model.notes.length > 0 && { advice: `Check: ${model.notes.join('; ')}` }),
      })),
      ...problems.map((problem): Finding => ({
        level: 'fail',
        what: 'model',
        found: problem.dir,
        advice: problem.error.message,
      })),
    ];
  } catch (error) {
    const found = messageOf(error);
    if (error instanceof ForebayError && error.code === 'model_not_found') return [none(found)];
    const advice = isObjectUrl(dir)
      ? 'Check the credentials and the endpoint (docs/stores.md).'
      : 'Let the user that runs Forebay read the folder, or choose another one with --models.';
    return [{ level: 'fail', what: 'models', found, advice }];
  }
}

function none(found: string): Finding {
  return {
    level: 'note',
    what: 'models',
    found,
    advice:
      'Put a model folder there, or choose another place with --models. `forebay model init FILE.onnx` makes a model folder.',
  };
}
