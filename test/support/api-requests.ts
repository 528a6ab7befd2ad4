// Sends JSON requests to a test API and reads its JSON answers.
import type { TestApi } from './api-service.ts';

/** All fields that tests read from answers of the API: jobs, lists and problems. */
export interface ApiBody {
  readonly id: string;
  readonly status: unknown;
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly { readonly path: string; readonly message: string }[];
  readonly data: readonly { readonly id: string }[];
  readonly next_cursor: string | null;
  readonly metadata: unknown;
  readonly created_at: string;
  readonly queue: { readonly name: string };
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: ApiBody;
}

export const JSON_TYPE = { 'Content-Type': 'application/json' };
/** A job that the test API accepts. */
export const VALID_JOB = { model: 'digits-small', input: { type: 'files', path: '.' } };

export async function postJson(
  api: TestApi,
  path: string,
  body: unknown,
  headers: Record<string, string> = JSON_TYPE,
): Promise<ApiAnswer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return answerOf(await fetch(`${api.url}${path}`, { method: 'POST', headers, body: text }));
}

export async function getJson(api: TestApi, path: string): Promise<ApiAnswer> {
  return answerOf(await fetch(`${api.url}${path}`));
}

async function answerOf(response: Response): Promise<ApiAnswer> {
  return { status: response.status, headers: response.headers, body: (await response.json()) as ApiBody };
}
