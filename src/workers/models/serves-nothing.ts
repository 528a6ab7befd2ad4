/** Explains why a worker serves no model, for its log and its health check. */
import { isReady, type ServedModel } from '../../shared/queue/workers/worker-registry.ts';
import type { ModelsWanted } from './find-models.ts';

/** Null if it serves one, or may soon. */
export function whyServesNothing(
  models: readonly ServedModel[],
  { dirs, pool, only }: ModelsWanted,
): string | null {
  if (models.some((model) => isReady(model) || model.isLoading === true)) return null;
  if (models.length === 0) {
    const named = only.length === 0 ? '' : ` named ${only.join(', ')}`;
    return `This worker serves nothing: it finds no model for pool "${pool}"${named} in ${dirs.join(', ')}. It keeps looking.`;
  }
  const names = models.map(({ ref }) => ref.name).join(', ');
  return `This worker serves nothing: none of its models (${names}) can be loaded. The log says why. It tries again when their files change.`;
}

/** Reports a reason when it begins to apply, and not again while it still applies. */
export function createServesNothingReport(report: (why: string) => void) {
  let reported: string | null = null;
  return (why: string | null): void => {
    if (why !== null && why !== reported) report(why);
    reported = why;
  };
}
