/** What a lane offers to models of every kind. */
import type { LoadStep } from '../messages.ts';
import type { LaneServices } from '../tasks/task.ts';
import type { GraphRequest } from './graph-cache.ts';
import type { OnnxSession } from './onnx-session.ts';

export interface ExecutorParts {
  /** Called before each step of loading. */
  onStep(step: LoadStep): void;
  createSession(options: GraphRequest): Promise<OnnxSession>;
  readonly services: LaneServices;
}
