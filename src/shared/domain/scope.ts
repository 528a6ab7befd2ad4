/** Scopes: the permissions of an API key. A route needs one or none. `admin` includes all of them, for all tenants. */

export const SCOPES = [
  'jobs:read',
  'jobs:write',
  'models:predict',
  'models:write',
  'service:read',
  'admin',
] as const;
export type Scope = (typeof SCOPES)[number];

/** What each scope allows, for the documentation. */
export const SCOPE_MEANINGS: Readonly<Record<Scope, string>> = {
  'jobs:read': 'Reading jobs with their events, results, errors and statistics, and reading models.',
  'jobs:write': 'Submitting, planning, cancelling, pausing, resuming and retrying jobs.',
  'models:predict': 'Asking models for answers at once.',
  'models:write': 'Loading and unloading models.',
  'service:read':
    'Reading what the whole service does: metrics, workers, queues and wanted workers. It shows no rows and no results.',
  admin: 'Everything, for the jobs of all tenants, and managing keys.',
};

export function allows(scopes: readonly Scope[], needed: Scope): boolean {
  return scopes.includes('admin') || scopes.includes(needed);
}
