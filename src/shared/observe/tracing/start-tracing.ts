/** Switches traces on if the settings name a collector. */
import { hostname } from 'node:os';
import type { Config } from '../../config/config.ts';
import type { Emit } from '../events.ts';
import { createSpanExporter, type SpanExporter } from './span-exporter.ts';

/** Null: no traces.  */
export function startTracing(
  config: Pick<Config, 'tracesUrl' | 'tracesHeaders' | 'tracesService'>,
  program: { readonly kind: 'api' | 'worker'; readonly version: string },
  emit: Emit,
): SpanExporter | null {
  if (config.tracesUrl === undefined) return null;
  return createSpanExporter({
    url: config.tracesUrl,
    headers: headersOf(config.tracesHeaders),
    resource: {
      'service.name': config.tracesService,
      'service.version': program.version,
      'service.instance.id': `${hostname()}:${process.pid}`,
      'forebay.process': program.kind,
    },
    emit,
  });
}

/** `name=value,name=value`, values percent-encoded. Parts without a name are left out. */
export function headersOf(text: string | undefined): Record<string, string> {
  const pairs = (text ?? '').split(',').flatMap((pair): [string, string][] => {
    const at = pair.indexOf('=');
    const name = pair.slice(0, at).trim();
    return at < 1 || name === '' ? [] : [[name, decoded(pair.slice(at + 1).trim())]];
  });
  return Object.fromEntries(pairs);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
