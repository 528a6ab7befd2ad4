/** The ONNX graphs beside a predictor, opened on request. */
import { basename, join } from 'node:path';
import { ForebayError } from '../../../shared/errors.ts';
import { isInside } from '../../../shared/files/is-inside.ts';
import type { Graph, PredictorTensor } from '../../../predictor/predictor-context.ts';
import type { LoadRequest } from '../messages.ts';
import type { GraphRequest } from '../models/graph-cache.ts';
import { watchMappedFiles, type MappedFiles } from '../models/mapped-files.ts';
import type { OnnxSession } from '../models/onnx-session.ts';
import { openWithProviders } from '../models/open-providers.ts';

export interface PredictorGraphs {
  open(name: string): Promise<Graph>;
  /** Sentences about providers that could not load. */
  readonly notes: readonly string[];
  changed(): string | null;
  release(): Promise<void>;
}

/** Files that onnxruntime never maps. */
const NOT_WEIGHTS = /\.(?:[cm]?js|json|onnx|md|txt)$/i;

export function createPredictorGraphs(
  { dir, config, threads, mapped }: Pick<LoadRequest, 'dir' | 'config' | 'threads' | 'mapped'>,
  createSession: (options: GraphRequest) => Promise<OnnxSession>,
): PredictorGraphs {
  const sessions = new Map<string, Promise<OnnxSession>>();
  const notes: string[] = [];
  let watched: MappedFiles | null = null;

  async function create(path: string): Promise<OnnxSession> {
    watched ??= watchMappedFiles((mapped ?? []).filter((file) => !NOT_WEIGHTS.test(file)));
    const { session, note } = await openWithProviders(config, async (providers) =>
      createSession({ path, threads, providers, cache: null, mayWriteCache: false }),
    );
    if (note !== null) notes.push(note);
    return session;
  }

  return {
    async open(name) {
      const path = join(dir, /\.onnx$/i.test(name) ? name : `${name}.onnx`);
      if (!isInside(dir, path)) {
        throw new ForebayError('model_load_failed', `ctx.session("${name}") leads out of the model's folder`);
      }
      const opened = sessions.get(path) ?? create(path);
      sessions.set(path, opened);
      const session = await opened;
      const { inputs, outputs } = session;
      return {
        inputs,
        outputs,
        run: async (feeds, wanted = outputs.map((output) => output.name)) => {
          for (const [input, tensor] of Object.entries(feeds)) checkTensor(tensor, input, basename(path));
          return session.run(feeds, wanted);
        },
      };
    },
    notes,
    changed: () => watched?.changed() ?? null,
    async release() {
      watched?.close();
      for (const session of await Promise.allSettled(sessions.values())) {
        if (session.status === 'fulfilled') await session.value.release();
      }
    },
  };
}

/** onnxruntime's own errors do not say which input is no tensor. Throws an Error. */
function checkTensor(tensor: unknown, input: string, graph: string): void {
  const { type, dims, data } = (tensor ?? {}) as Partial<Record<keyof PredictorTensor, unknown>>;
  const wrong =
    typeof type !== 'string'
      ? 'type must be a text such as "float32"'
      : !Array.isArray(dims)
        ? 'dims must be a list of numbers'
        : !Array.isArray(data) && !ArrayBuffer.isView(data)
          ? 'data must be a typed array, or a list of texts'
          : null;
  if (wrong !== null)
    throw new Error(`input "${input}" of ${graph} must be a tensor { type, dims, data }: its ${wrong}`);
}
