/** The service that this page belongs to, and the key that the user has entered for it. */
import { createClient, type Client } from '../src/client/client.ts';

/** The tab alone keeps the key, so it is gone when the tab closes. */
const KEY = 'forebay-api-key';

export function service(): Client {
  const apiKey = sessionStorage.getItem(KEY);
  return createClient({ url: location.origin, ...(apiKey !== null && { apiKey }) });
}

export function rememberKey(key: string): void {
  sessionStorage.setItem(KEY, key);
}

export function forgetKey(): void {
  sessionStorage.removeItem(KEY);
}

export function hasKey(): boolean {
  return sessionStorage.getItem(KEY) !== null;
}
