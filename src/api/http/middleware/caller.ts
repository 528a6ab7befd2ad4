/** Who sent a request. Knows nothing of how that was found out. */
import { allows, SCOPES, type Scope } from '../../../shared/domain/scope.ts';
import { DEFAULT_TENANT } from '../../../shared/domain/tenant.ts';

export interface Caller {
  /** Id of the key; null where none is asked for. */
  readonly key: string | null;
  readonly tenant: string;
  readonly scopes: readonly Scope[];
}

/** Where no keys are asked for everybody is the operator. */
export const OPERATOR: Caller = { key: null, tenant: DEFAULT_TENANT, scopes: SCOPES };

/** Whose jobs the caller sees: one tenant's, or (null) everybody's. */
export function tenantSeen(caller: Caller): string | null {
  return allows(caller.scopes, 'admin') ? null : caller.tenant;
}
