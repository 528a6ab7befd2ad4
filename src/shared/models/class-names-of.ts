/** The class names of models, and whether those of an ensemble are the same classes. */
import { readFile } from 'node:fs/promises';
import type { ModelConfig } from '../domain/model/model-config.ts';
import { parseLabels } from '../tasks/classes/labels.ts';
import {
  classesInConfig,
  compareNames,
  needsSameClasses,
  type NamesComparison,
} from '../tasks/pipeline/class-names.ts';
import { namedModels, type PipelineConfig } from '../tasks/pipeline/pipeline-config.ts';
import { sha256 } from '../text/sha256.ts';
import type { NamedModelFile } from './named-files.ts';

interface NamedClasses {
  readonly config: ModelConfig;
  /** Empty if the files are not known. */
  readonly named: readonly NamedModelFile[];
}

/** Null if the model has no labels file, or its files are not known. */
export async function labelNames({ named }: Pick<NamedClasses, 'named'>): Promise<readonly string[] | null> {
  const file = labelsOf(named);
  if (file === undefined) return null;
  const parsed = parseLabels(await readFile(file.path));
  return parsed.ok ? parsed.names : null;
}

/** A model whose classes are not those of `first`, which stands before it. */
export interface ComparedClasses {
  readonly at: number;
  readonly first: string;
  readonly comparison: NamesComparison;
}

/** Returns an empty list if scores are not combined by class, or if all models have the same names in the same order. */
export async function compareClasses(
  pipeline: PipelineConfig,
  members: readonly NamedClasses[],
): Promise<readonly ComparedClasses[]> {
  if (!needsSameClasses(pipeline.ensemble?.combine ?? null)) return [];
  const digests = new Set(members.flatMap((member) => digestOf(member) ?? []));
  // The usual case. The files need not be read again.
  if (digests.size <= 1) return [];
  const models = namedModels(pipeline).map(({ model }) => model);
  const all = await Promise.all(
    members.map(async (member, at) => {
      const names = (await labelNames(member)) ?? classesInConfig(member.config);
      return names === null ? [] : [{ at, model: models[at]!, names }];
    }),
  );
  const [first, ...others] = all.flat();
  return others.flatMap((other) => {
    const comparison = compareNames(first!, other);
    return comparison.is === 'same' ? [] : [{ at: other.at, first: first!.model, comparison }];
  });
}

function digestOf({ config, named }: NamedClasses): string | null {
  const classes = classesInConfig(config);
  return labelsOf(named)?.sha256 ?? (classes === null ? null : sha256(JSON.stringify(classes)));
}

function labelsOf(named: readonly NamedModelFile[]): NamedModelFile | undefined {
  return named.find(({ field }) => field === 'labels');
}
