/** What the page must know of a job's model to show its rows. */
import type { JobWire } from '../../src/api/http/wire/job.ts';
import { service } from '../service.ts';
import { usePoll } from '../use-poll.ts';

export interface ModelFacts {
  readonly takesPictures: boolean;
  /** Whether it turns pictures by their EXIF orientation. */
  readonly isUpright: boolean;
}

/** For a model that is gone: pixels as they are stored, which is the default of models. */
const UNKNOWN: ModelFacts = { takesPictures: false, isUpright: false };

export function useModelFacts(job: JobWire): ModelFacts {
  const { data } = usePoll(`model facts ${job.id}`, 600_000, async () => {
    const { data: models } = await service().models();
    // Another version under the same name may turn pictures where this one did not.
    return models.find(({ hash }) => hash === job.model_hash) ?? null;
  });
  return factsOf(data?.config);
}

export function factsOf(config: unknown): ModelFacts {
  const preprocess = preprocessOf(config);
  return preprocess === null
    ? UNKNOWN
    : { takesPictures: true, isUpright: preprocess['auto_orient'] === true };
}

/** Only models of images have these steps. The first model of a pipeline gets the whole picture. */
function preprocessOf(config: unknown): Record<string, unknown> | null {
  if (!isRecord(config)) return null;
  const { preprocess, members } = config;
  if (isRecord(preprocess)) return preprocess;
  const first: unknown = Array.isArray(members) ? members[0] : null;
  return isRecord(first) ? preprocessOf(first['config']) : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
