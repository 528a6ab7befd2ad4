/** The file that FOREBAY_STORES names: the endpoints of buckets, and where their credentials come from. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ForebayError, messageOf, type Issue } from '../errors.ts';
import { objectRoot } from './object-roots.ts';
import { isObjectUrl } from './object-url.ts';
import { isRegion, type S3Settings } from './s3/s3-settings.ts';

const VARIABLE = z.string().regex(/^[A-Za-z_]\w*$/, 'the name of an environment variable, not its value');

const CREDENTIALS = z.union(
  [
    z.literal('chain'),
    z.literal('none'),
    z.strictObject({ profile: z.string().min(1) }),
    z.strictObject({
      env: z.strictObject({ access_key: VARIABLE, secret_key: VARIABLE, session_token: VARIABLE.optional() }),
    }),
  ],
  '"chain", "none", {"profile": NAME} or {"env": {"access_key": VARIABLE, "secret_key": VARIABLE}}',
);

const STORE = z.strictObject({
  match: z.string().refine(isMatch, 'a bucket or a prefix, such as s3://bucket/prefix/'),
  endpoint: z.string().refine(isEndpoint, 'an http or https URL without user, password and query').optional(),
  region: z.string().refine(isRegion, 'a region, such as eu-central-1').optional(),
  path_style: z.boolean().optional(),
  credentials: CREDENTIALS.default('chain'),
});

const STORES_FILE = z.strictObject({ stores: z.array(STORE) });

/**
 * The settings of all stores. The last one matches everything. `path`: null for no file. Throws ForebayError
 * `config_invalid`, which lists every problem.
 */
export function readStores(path: string | null, env: NodeJS.ProcessEnv): readonly S3Settings[] {
  const endpoint = env['AWS_ENDPOINT_URL_S3'] || env['AWS_ENDPOINT_URL'] || null;
  const region = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || null;
  if (endpoint !== null && !isEndpoint(endpoint)) {
    throw new ForebayError('config_invalid', 'AWS_ENDPOINT_URL is not an http or https URL.');
  }
  const rest: S3Settings = { match: 's3://', endpoint, region, pathStyle: null, credentials: 'chain' };
  if (path === null) return [rest];
  const { stores } = parse(path);
  const missing = stores.flatMap(({ credentials }, i) => missingVariables(credentials, i, env));
  const twice = stores.flatMap(({ match }, i) =>
    stores.findIndex((other) => objectRoot(other.match) === objectRoot(match)) === i
      ? []
      : [{ path: `/stores/${i}/match`, message: `"${match}" has an entry already` }],
  );
  if (missing.length + twice.length > 0) throw invalid(path, [...twice, ...missing]);
  const given = stores.map((store) => ({
    match: objectRoot(store.match),
    endpoint: store.endpoint ?? endpoint,
    region: store.region ?? region,
    pathStyle: store.path_style ?? null,
    credentials: store.credentials,
  }));
  return given.some(({ match }) => match === rest.match) ? given : [...given, rest];
}

function parse(path: string): z.infer<typeof STORES_FILE> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ForebayError('config_invalid', `FOREBAY_STORES: cannot read ${path}: ${messageOf(error)}.`, {
      cause: error,
    });
  }
  const parsed = STORES_FILE.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(
    path,
    parsed.error.issues.map((issue) => ({ path: `/${issue.path.join('/')}`, message: issue.message })),
  );
}

function invalid(path: string, issues: readonly Issue[]): ForebayError {
  const text = issues.map((issue) => `${issue.path}: ${issue.message}`).join('; ');
  return new ForebayError('config_invalid', `FOREBAY_STORES: ${path} is invalid: ${text}`, { issues });
}

function missingVariables(
  credentials: z.infer<typeof CREDENTIALS>,
  at: number,
  env: NodeJS.ProcessEnv,
): Issue[] {
  if (typeof credentials !== 'object' || !('env' in credentials)) return [];
  return Object.entries(credentials.env).flatMap(([field, name]) =>
    name === undefined || env[name]
      ? []
      : [
          {
            path: `/stores/${at}/credentials/env/${field}`,
            message: 'the variable that it names is not set in this process',
          },
        ],
  );
}

function isMatch(text: string): boolean {
  try {
    return isObjectUrl(text) && objectRoot(text) !== '';
  } catch {
    return false;
  }
}

function isEndpoint(text: string): boolean {
  try {
    const { protocol, username, password, search, hash } = new URL(text);
    return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === '';
  } catch {
    return false;
  }
}
