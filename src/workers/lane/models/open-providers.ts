/**
 * Opens a graph with the execution providers that its config names. Does without some of them, or uses
 * the CPU, only where the config allows it.
 */
import {
  providerName,
  type ExecutionProvider,
  type ProviderName,
} from '../../../shared/domain/model/execution-providers.ts';
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import type { OnnxSession } from './onnx-session.ts';

export interface OpenedGraph {
  readonly session: OnnxSession;
  /** Providers of the session, in order. */
  readonly providers: readonly ProviderName[];
  /** Why the session lacks providers that the config names. Null if it has all of them. */
  readonly note: string | null;
}

/** Throws ForebayError `model_load_failed`. `create` opens the graph with exactly these providers, or throws. */
export async function openWithProviders(
  config: {
    readonly execution_providers: readonly ExecutionProvider[];
    readonly fallback?: boolean | undefined;
  },
  create: (providers: readonly ExecutionProvider[]) => Promise<OnnxSession>,
): Promise<OpenedGraph> {
  const wanted = config.execution_providers;
  let failure: unknown;
  try {
    return { session: await create(wanted), providers: wanted.map(providerName), note: null };
  } catch (error) {
    if (wanted.every((provider) => providerName(provider) === 'cpu')) throw error;
    failure = error;
  }
  if (config.fallback !== true) {
    throw new ForebayError(
      'model_load_failed',
      `${messageOf(failure)}; change execution_providers in model.json, or let the CPU compute with "fallback": true`,
      { cause: failure },
    );
  }
  for (const providers of fewer(wanted)) {
    const session = await create(providers).catch(() => null);
    const names = providers.map(providerName);
    if (session !== null) return { session, providers: names, note: noteOf(failure, names) };
  }
  // If this fails too, the graph is at fault, not the provider.
  return { session: await create(['cpu']), providers: ['cpu'], note: noteOf(failure, ['cpu']) };
}

/** The list without its first provider, without its first two, and so on, as long as more than the CPU is left. */
function fewer(wanted: readonly ExecutionProvider[]): (readonly ExecutionProvider[])[] {
  return wanted
    .map((_, i) => wanted.slice(i + 1))
    .filter((rest) => rest.some((provider) => providerName(provider) !== 'cpu'));
}

function noteOf(failure: unknown, used: readonly ProviderName[]): string {
  return `${messageOf(failure)}; the model computes on ${used.join(', ')} instead, as "fallback" in model.json allows`;
}
