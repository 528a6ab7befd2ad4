/** The caller of a request. */
import { allows, SCOPES, type Scope } from '../../../shared/domain/scope.ts';
import { DEFAULT_TENANT } from '../../../shared/domain/tenant.ts';

export interface Caller {
  /** Id of the key. Null if the service requires no keys. */
  readonly key: string | null;
  readonly tenant: string;
  readonly scopes: readonly Scope[];
}

/** If the service requires no keys, every caller is the operator. */
export const OPERATOR: Caller = { key: null, tenant: DEFAULT_TENANT, scopes: SCOPES };

/** The tenant whose jobs the caller sees. Null: all tenants. */
export function tenantSeen(caller: Caller): string | null {
  return allows(caller.scopes, 'admin') ? null : caller.tenant;
}
