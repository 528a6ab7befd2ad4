/** Schemas as tables, with one row per field. Fields of nested objects are named by their path. */
import type { ApiSchema } from './api-document.ts';
import { html, prose, type Html } from './html.ts';
import { table } from './table.ts';

export function schemaTable(schema: ApiSchema): Html {
  const branches = (schema.oneOf ?? schema.anyOf ?? []).filter((branch) => branch.type !== 'null');
  const named = branches.filter((branch) => !branch.properties);
  return html`${named.length > 0 ? html`<p>One of ${joined(named.map(typeOf), ', ')}.</p>` : null}
  ${schema.enum ? html`<p>${joined(schema.enum.map(value), ', ')}</p>` : null}
  ${branches
    .filter((branch) => branch.properties)
    .map(
      (branch) =>
        html`<h4>${branchName(branch)}</h4>
          ${fieldTable(branch)}`,
    )}
  ${schema.properties ? fieldTable(schema) : null}`;
}

/** Names a branch of a union after the fields that can have only one value. */
function branchName(branch: ApiSchema): Html {
  const fixed = Object.entries(branch.properties ?? {}).filter(
    ([, field]) => field.const !== undefined || field.enum?.length === 1,
  );
  return html`${fixed.map(([name, field]) => html`<code>${name}</code> = ${typeOf(field)}`)}`;
}

function fieldTable(schema: ApiSchema): Html {
  return table(['Field', 'Type', 'Meaning'], fieldRows(schema, ''));
}

function value(literal: unknown): Html {
  return html`<code>${JSON.stringify(literal)}</code>`;
}

function fieldRows(schema: ApiSchema, prefix: string): Html[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const required = schema.required?.includes(name) ?? false;
    const nested = field.items?.properties
      ? fieldRows(field.items, `${path}[].`)
      : fieldRows(field, `${path}.`);
    return [
      html`<tr>
        <td><code>${path}</code>${required ? null : html` <small>optional</small>`}</td>
        <td>${typeOf(field)}</td>
        <td>${field.description === undefined ? null : prose(field.description)}</td>
      </tr>`,
      ...nested,
    ];
  });
}

/** Describes a schema's type in a few words. */
export function typeOf(schema: ApiSchema): Html {
  const text = html`${bareType(schema)}${limits(schema)}`;
  return schema.default === undefined
    ? text
    : html`${text}, default <code>${JSON.stringify(schema.default)}</code>`;
}

function bareType(schema: ApiSchema): Html {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1)!;
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  if (schema.allOf) return joined(schema.allOf.filter(isMeaningful).map(bareType), ' and ');
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches) return joined(branches.map(typeOf), ' or ');
  const values = schema.const === undefined ? schema.enum : [schema.const];
  if (values) return joined(values.map(value), ' or ');
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
  const names = types.map((type) => {
    if (type === 'array') return html`list of ${typeOf(schema.items ?? {})}`;
    if (type === 'object' && typeof schema.additionalProperties === 'object') {
      return html`object of ${typeOf(schema.additionalProperties)}`;
    }
    return html`${schema.format === 'date-time' && type === 'string' ? 'timestamp' : type}`;
  });
  return names.length === 0 ? html`anything` : joined(names, ' or ');
}

function isMeaningful(schema: ApiSchema): boolean {
  return Object.keys(schema).some((key) => !['description', 'examples', 'default'].includes(key));
}

function limits(schema: ApiSchema): string {
  const range = (low: number | undefined, high: number | undefined, unit: string) => {
    if (low !== undefined && high !== undefined && high < Number.MAX_SAFE_INTEGER) {
      return ` (${low} to ${high}${unit})`;
    }
    if (low !== undefined) return ` (at least ${low}${unit})`;
    return high === undefined ? '' : ` (at most ${high}${unit})`;
  };
  return (
    range(schema.minimum, schema.maximum, '') +
    range(schema.minLength, schema.maxLength, ' characters') +
    range(schema.minItems, schema.maxItems, ' entries')
  );
}

function joined(parts: readonly Html[], separator: string): Html {
  return html`${parts.map((part, i) => (i === 0 ? part : html`${separator}${part}`))}`;
}
