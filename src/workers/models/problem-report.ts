/** Reports each problem with a folder once, although every change on disk finds it again. */
import type { Emit } from '../../shared/observe/events.ts';
import type { FoundModels } from './find-models.ts';

export function createProblemReport(emit: Emit) {
  /** The last message that was reported for a path. */
  const reported = new Map<string, string>();
  return ({ path, error }: FoundModels['problems'][number]): void => {
    if (reported.get(path) === error.message) return;
    reported.set(path, error.message);
    emit('model.unreadable', { dir: path, code: error.code, message: error.message });
  };
}
