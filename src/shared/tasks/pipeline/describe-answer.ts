/** How a pipeline's answer comes about, in words for a plan. */
import type { Chain } from './chain-config.ts';
import type { PipelineConfig } from './pipeline-config.ts';

export function describeAnswer({ cascade, ensemble, chain, members }: PipelineConfig, k: unknown): string {
  if (chain !== undefined) return chain.steps.map(describeStep).join(', then ');
  const names = members.map(({ model }) => model);
  const top = typeof k === 'number' ? `top ${k} ` : 'answer ';
  if (cascade !== undefined) {
    const levels = cascade.levels.map(({ model, threshold }) =>
      threshold === undefined ? model : `${model}, below ${threshold}`,
    );
    return `${top}of ${levels.join(' go on to ')}`;
  }
  switch (ensemble!.combine) {
    case 'max_confidence':
      return `${top}of the surest of ${names.join(', ')}`;
    case 'average':
      return `${top}by the mean of the scores of ${names.join(', ')}`;
    case 'vote':
      return `the class that most of ${names.join(', ')} name first`;
    case 'all':
      return `the answers of ${names.join(', ')}`;
  }
}

function describeStep({ model, for_each, when }: Chain['steps'][number]): string {
  const labels = when?.label === undefined ? '' : ` ${when.label.join(' or ')}`;
  const score = when?.min_score === undefined ? '' : ` with a score of at least ${when.min_score}`;
  if (for_each !== undefined) return `${model} for each detection${labels && ` of${labels}`}${score}`;
  return when === undefined ? model : `${model} if it is${labels}${score}`;
}
