/** Finds the model that a name means. */
import { ForebayError } from '../../shared/errors.ts';
import { NO_ALIASES, type Aliases } from '../../shared/models/aliases.ts';
import {
  compareVersions,
  latestVersion,
  modelTitle,
  parseModelName,
} from '../../shared/models/version-name.ts';
import { nearestName } from '../../shared/text/nearest-name.ts';
import type { KnownModel, ModelSurvey } from './survey-models.ts';

/** `asked`: as in ModelCatalog.findModel. Throws the same errors. */
export function chooseModel(all: ModelSurvey, asked: string): KnownModel {
  const { known, broken } = all;
  const { name, version } = parseModelName(asked);
  const named = known.filter((model) => model.ref.name === name);
  const exact = version === null ? latestOf(named) : named.find((model) => model.version === version);
  // A version comes before an alias of the same name.
  const target = version === null ? undefined : all.aliases.get(name)?.get(version);
  const found = exact ?? (target && named.find((model) => model.version === target));
  if (found) return found;
  const titles = [asked, modelTitle({ name, version: target ?? null })];
  const damaged = broken.find(({ title }) =>
    version === null ? parseModelName(title).name === name : titles.includes(title),
  );
  if (damaged) throw damaged.error;
  if (named.length > 0) throw noVersion(asked, named, all.aliases.get(name));
  const [unreadable] = all.unreadable;
  if (unreadable) throw unreadable.error;
  throw notFound(asked, [...new Set(known.map((model) => model.ref.name))].toSorted());
}

/** The latest of models with one name. Models on disk are newer than models that only workers know. */
export function latestOf(models: readonly KnownModel[]): KnownModel | undefined {
  const some = models.some(({ onDisk }) => onDisk) ? models.filter(({ onDisk }) => onDisk) : models;
  const version = latestVersion(some.flatMap((model) => model.version ?? []));
  return some.find((model) => model.version === version) ?? some[0];
}

function noVersion(asked: string, named: readonly KnownModel[], aliases: Aliases = NO_ALIASES): ForebayError {
  const { name, version } = parseModelName(asked);
  const versions = named.flatMap((model) => model.version ?? []).toSorted(compareVersions);
  const known =
    versions.length === 0 ? 'It has no versions.' : `Its versions: ${[...new Set(versions)].join(', ')}.`;
  const target = version === null ? undefined : aliases.get(version);
  const problem =
    target === undefined
      ? `Model "${name}" has no version "${version}".`
      : `Alias "${version}" of model "${name}" stands for version "${target}", which does not exist.`;
  const others = aliases.size === 0 ? '' : ` Its aliases: ${[...aliases.keys()].toSorted().join(', ')}.`;
  const message = `${problem} ${known}${others}`;
  return new ForebayError('model_not_found', message, { issues: [{ path: '/model', message }] });
}

/** A message with more names would be unreadable. */
const MAX_NAMES = 20;

function notFound(name: string, names: readonly string[]): ForebayError {
  const near = nearestName(name, names);
  const listed = names.slice(0, MAX_NAMES).join(', ') + (names.length > MAX_NAMES ? ', ...' : '');
  return new ForebayError(
    'model_not_found',
    `There is no model "${name}"${near === null ? '.' : `; did you mean "${near}"?`} ${
      names.length === 0
        ? 'No model is known. Put a model folder (model.onnx and model.json) into the models folder, or start a worker that serves one.'
        : `Known: ${listed}.`
    }`,
    { issues: [{ path: '/model', message: `there is no model "${name}"` }] },
  );
}
