/** The result cache for the rows of a job: how their keys are made, and which results may be kept. */
import type { JobSpec } from '../../shared/domain/job/job.ts';
import { whyNotCacheable } from '../../shared/tasks/cacheable.ts';
import { isPipeline } from '../../shared/tasks/pipeline/pipeline-config.ts';
import { MEMBER_ERRORS_FIELD } from '../../shared/tasks/pipeline.ts';
import { rowFieldsOf } from '../../shared/tasks/task-descriptions.ts';
import type { BatchGroup } from '../intake/batch-group.ts';
import { lastLoadedOf, type ServedModel } from '../models/served-model.ts';
import type { RunCache } from '../run/cached-rows.ts';
import type { ResultCache } from './result-cache.ts';
import { createRowKeys } from './row-key.ts';

/** A result of a pipeline in which some of its models have failed. */
const PARTIAL = `"${MEMBER_ERRORS_FIELD}":`;

export function createCacheOf(deps: {
  cache: ResultCache;
  modelOf: (queue: string) => ServedModel | undefined;
}) {
  return function cacheOf({ tenant, model }: JobSpec, group: BatchGroup): RunCache | null {
    const served = deps.modelOf(group.model);
    const config = served?.found.folder.config ?? null;
    if (served === undefined || config === null || whyNotCacheable(config) !== null) return null;
    const { names, refused = [] } = rowFieldsOf(config, lastLoadedOf(served)?.info.inputs ?? null);
    return {
      tenant,
      cache: deps.cache,
      keyOf: createRowKeys({
        tenant,
        modelHash: model.hash,
        options: group.options,
        fields: names && [...names, ...refused],
      }),
      firsts: new Map(),
      taken: { bytes: 0 },
      mayKeep: isPipeline(config) ? (result) => !result.includes(PARTIAL) : () => true,
    };
  };
}
