/** Checks a pipeline that a request gives, and finds its models among those that the API knows. */
import type { ModelConfig } from '../../shared/domain/model/model-config.ts';
import { ForebayError, type Issue } from '../../shared/errors.ts';
import { compareClasses } from '../../shared/models/class-names-of.ts';
import { createContentMemo } from '../../shared/models/content-memo.ts';
import { INLINE_NAME } from '../../shared/models/inline-folder.ts';
import { issuesTogether, withMembers, type KnownMember } from '../../shared/models/load-members.ts';
import { whyTooLarge } from '../../shared/models/member-limits.ts';
import { hashModel } from '../../shared/models/model-hash.ts';
import { readModelConfig } from '../../shared/models/read-model-config.ts';
import type { InlinePipeline } from '../../shared/queue/workers/inline-pipelines.ts';
import { namedModels, type PipelineConfig } from '../../shared/tasks/pipeline/pipeline-config.ts';
import { chooseModel } from './choose-model.ts';
import { loadedGraph } from './loaded-graph.ts';
import type { ModelSurvey } from './survey-models.ts';

/** Loaded for ever. Nobody could free its memory again. */
const PINNED = -1;
const NOT_PINNED =
  'a pipeline of a request cannot stay loaded for ever; leave the field out, or give seconds';

/** `given`: what model.json would hold. Throws ForebayError `invalid_request` with every issue. */
export async function readInlinePipeline(given: object, survey: ModelSurvey): Promise<InlinePipeline> {
  // Another kind would need other fields.
  const { kind = 'pipeline' } = given as { readonly kind?: unknown };
  if (kind !== 'pipeline') throw refused([{ path: '/kind', message: 'must be "pipeline", or left out' }]);
  const reading = readModelConfig({ ...given, kind, name: INLINE_NAME });
  if (!reading.ok) throw refused(reading.issues);
  const { config } = reading;
  const issues: Issue[] = [];
  if (config.keep_alive_s === PINNED) issues.push({ path: '/keep_alive_s', message: NOT_PINNED });
  const members: KnownMember[] = [];
  for (const { model, path } of namedModels(config as PipelineConfig)) {
    const found = findMember(model, config, survey);
    if (typeof found === 'string') issues.push({ path, message: found });
    else members.push(found);
  }
  if (issues.length === 0) issues.push(...(await issuesTogether(config as PipelineConfig, members)));
  if (issues.length > 0) throw refused(issues);
  const whole = withMembers(config, members);
  const large = whyTooLarge(whole);
  if (large !== null) throw refused([{ path: '', message: large }]);
  const parts = { config: whole, entry: null, external: [], named: [] };
  const hash = await hashModel(parts, createContentMemo());
  const isReordered = (await compareClasses(whole, members)).length > 0;
  return {
    ref: { name: INLINE_NAME, hash, pool: config.pool },
    config: whole,
    classes: isReordered ? 'by_name' : 'by_number',
  };
}

/** Returns the problem with the model. */
function findMember(model: string, { pool }: ModelConfig, survey: ModelSurvey): KnownMember | string {
  try {
    const { ref, config, named, served } = chooseModel(survey, model);
    if (config === null) return `"${model}" is served only by workers of an older version; update them`;
    if (ref.pool !== pool)
      return `"${model}" is in the pool "${ref.pool}", and the pipeline is in "${pool}"; set "pool": "${ref.pool}"`;
    return { ref, config, named, outputs: loadedGraph(served)?.outputs };
  } catch (error) {
    if (error instanceof ForebayError) return error.message;
    throw error;
  }
}

function refused(issues: readonly Issue[]): ForebayError {
  const located = issues.map(({ path, message }) => ({ path: `/pipeline${path}`, message }));
  const text = located.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return new ForebayError('invalid_request', text, { issues: located });
}
