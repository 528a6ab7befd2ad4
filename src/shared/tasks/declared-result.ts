/** Checks the result schema that model.json declares for the answers of code. */
import type { DeclaredResult } from '../domain/model/hooks-config.ts';
import type { Issue } from '../errors.ts';
import { sameColumns } from './result-columns.ts';

/** Fields of every result row. */
const RESERVED = ['index', 'id', 'error'];

/** `path`: where the schema is in model.json. */
export function declaredResultIssues(result: DeclaredResult | undefined, path: string): Issue[] {
  const issues: Issue[] = [];
  const { properties = {} } = result ?? {};
  const twice = sameColumns({ properties, required: [] });
  if (twice !== null) issues.push({ path: `${path}/properties`, message: twice });
  for (const field of Object.keys(properties).filter((one) => RESERVED.includes(one))) {
    const message = `every row has a field "${field}" already; give this one another name`;
    issues.push({ path: `${path}/properties/${field}`, message });
  }
  return issues;
}
