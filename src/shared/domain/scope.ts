/** What a key may do. A route asks for one scope; `admin` is all of them, over all tenants. */

export const SCOPES = ['jobs:read', 'jobs:write', 'models:write', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

export function allows(scopes: readonly Scope[], needed: Scope): boolean {
  return scopes.includes('admin') || scopes.includes(needed);
}
