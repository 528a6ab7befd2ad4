/** Switches traces on if the settings name a collector. */
import { hostname } from 'node:os';
import type { Config } from '../../config/config.ts';
import { ForebayError } from '../../errors.ts';
import type { Emit } from '../events.ts';
import { createSpanExporter, type SpanExporter } from './span-exporter.ts';

/** Null: no traces.  */
export function startTracing(
  config: Pick<Config, 'tracesUrl' | 'tracesHeaders' | 'tracesService'>,
  program: { readonly kind: 'api' | 'worker'; readonly version: string },
  emit: Emit,
): SpanExporter | null {
  if (config.tracesUrl === undefined) return null;
  const headers = headersOf(config.tracesHeaders);
  checkTarget(config.tracesUrl, headers);
  return createSpanExporter({
    url: config.tracesUrl,
    headers,
    resource: {
      'service.name': config.tracesService,
      'service.version': program.version,
      'service.instance.id': `${hostname()}:${process.pid}`,
      'forebay.process': program.kind,
    },
    emit,
  });
}

/** The errors of fetch would quote a password in the address, and keys in the headers, in the log. */
function checkTarget(url: string, headers: Readonly<Record<string, string>>): void {
  const refuse = (why: string) => {
    throw new ForebayError('config_invalid', why);
  };
  const variable = 'OTEL_EXPORTER_OTLP_ENDPOINT';
  if (!URL.canParse(url)) return refuse(`${variable} is no URL. An example: http://127.0.0.1:4318`);
  const { protocol, username, password, search, hash } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:')
    refuse(`${variable} must begin with http:// or https://.`);
  if (username !== '' || password !== '')
    refuse(`${variable} holds a login. Put it into OTEL_EXPORTER_OTLP_HEADERS: authorization=Basic%20...`);
  if (search !== '' || hash !== '') refuse(`${variable} has a ? or #. /v1/traces is added at its end.`);
  for (const [at, header] of Object.entries(headers).entries()) {
    try {
      new Headers([header]);
    } catch {
      refuse(
        `OTEL_EXPORTER_OTLP_HEADERS: header ${at + 1} cannot be sent. Its name or value has a forbidden character.`,
      );
    }
  }
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
