// An API that requires keys, with keys for two tenants and an admin, and functions that send requests with a key.
import type { Scope } from '#forebay/shared/domain/scope.js';
import { startTestApi, type Protection, type TestApi } from './api-service.ts';

export const FOLDER_JOB = { model: 'digits-small', input: { type: 'files' as const, path: '.' } };

export interface KeyedAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Empty if the answer is not a JSON object. */
  readonly body: Record<string, unknown>;
}

export type KeyedApi = Awaited<ReturnType<typeof startKeyedApi>>;

export async function startKeyedApi(protection: Protection = {}) {
  const api = await startTestApi({}, protection);
  const keyFor = async (scopes: Scope[], tenant: string, expiresAt: number | null = null) =>
    (await api.keys.create({ name: 'test', tenant, scopes, expiresAt })).text;
  return {
    api,
    keyFor,
    reader: await keyFor(['jobs:read'], 'alice'),
    alice: await keyFor(['jobs:read', 'jobs:write'], 'alice'),
    bob: await keyFor(['jobs:read', 'jobs:write'], 'bob'),
    admin: await keyFor(['admin'], 'default'),
    send: (key: string | null, method: string, path: string, body?: unknown, more = {}) =>
      sendTo(api, key, method, path, body, more),
    submit: async (key: string, body: object = FOLDER_JOB, more = {}) =>
      (await sendTo(api, key, 'POST', '/v1/jobs', body, more)).body as {
        id: string;
        output: string;
        tenant: string;
      },
  };
}

/** Sends `key` as a bearer token, unless it is null. */
export async function sendTo(
  api: TestApi,
  key: string | null,
  method: string,
  path: string,
  body?: unknown,
  more: Record<string, string> = {},
): Promise<KeyedAnswer> {
  const response = await fetch(api.url + path, {
    method,
    headers: {
      ...(key !== null && { Authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...more,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  const isObject = type.includes('json') && !type.includes('ndjson') && text.startsWith('{');
  return {
    status: response.status,
    headers: response.headers,
    body: isObject ? (JSON.parse(text) as Record<string, unknown>) : {},
  };
}
