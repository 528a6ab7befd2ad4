/** Loads a model of any kind into a lane. */
import type { Executor } from '../executor.ts';
import type { ModelLoad } from '../messages.ts';
import type { ExecutorParts } from './executor-parts.ts';
import { loadOnnxExecutor } from './onnx-executor.ts';

/** Throws ForebayError `model_load_failed` or `config_mismatch`. */
export async function loadExecutor(request: ModelLoad, parts: ExecutorParts): Promise<Executor> {
  if (request.config.kind === 'predictor') {
    // Imported only now, because most lanes hold no predictor.
    const { loadPredictorExecutor } = await import('../predictor/predictor-executor.ts');
    return loadPredictorExecutor(request, parts);
  }
  if (request.config.kind === 'pipeline') {
    const { loadPipelineExecutor } = await import('../pipeline/pipeline-executor.ts');
    return loadPipelineExecutor(request, parts, loadExecutor);
  }
  if (request.config.hooks !== undefined) {
    const { loadHookedExecutor } = await import('../predictor/hooked-executor.ts');
    return loadHookedExecutor(request, parts, loadOnnxExecutor);
  }
  return loadOnnxExecutor(request, parts);
}
