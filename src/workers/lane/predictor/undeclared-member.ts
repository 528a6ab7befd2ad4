/** Members of answers that would be lost in the columns of Parquet or CSV, because the result schema does not name them. */
import type { ResultColumn, ValueType } from '../../../shared/domain/job/part-format.ts';

export interface MemberCheck {
  /** Returns the path of a member that no column holds, such as "detections.0.note". Null if there is none. */
  find(answer: Readonly<Record<string, unknown>>): string | null;
}

export function createMemberCheck(columns: readonly ResultColumn[]): MemberCheck {
  /** By field, the type of an object whose members are columns, or of a value with objects in it. */
  const typed = new Map<string, ValueType>();
  for (const { source, type, optional } of columns) {
    if (source.of === 'field' && holdsStruct(type)) typed.set(source.field, type);
    if (source.of !== 'key') continue;
    const before = typed.get(source.field) as { readonly struct: readonly MemberOf[] } | undefined;
    typed.set(source.field, { struct: [...(before?.struct ?? []), { name: source.key, type, optional }] });
  }
  return {
    find(answer) {
      for (const [field, type] of typed) {
        const found = otherMember(type, answer[field], field);
        if (found !== null) return found;
      }
      return null;
    },
  };
}

type MemberOf = Extract<ValueType, { readonly struct: unknown }>['struct'][number];

function holdsStruct(type: ValueType): boolean {
  if (typeof type === 'string') return false;
  return 'struct' in type || holdsStruct(type.list);
}

function otherMember(type: ValueType, given: unknown, path: string): string | null {
  if (typeof type === 'string' || !holdsStruct(type)) return null;
  const value = asJson(given, path);
  if (typeof value !== 'object' || value === null) return null;
  if ('list' in type) {
    if (!Array.isArray(value)) return null;
    for (const [i, item] of value.entries()) {
      const found = otherMember(type.list, item, `${path}.${i}`);
      if (found !== null) return found;
    }
    return null;
  }
  const members = new Map(type.struct.map((member) => [member.name, member.type]));
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const known = members.get(key);
    if (known === undefined) return `${path}.${key}`;
    const found = otherMember(known, member, `${path}.${key}`);
    if (found !== null) return found;
  }
  return null;
}

/** What JSON.stringify writes in place of the value. A method toJSON may hide members and make others. */
function asJson(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null || !('toJSON' in value)) return value;
  return typeof value.toJSON === 'function' ? (value.toJSON(path.split('.').at(-1)) as unknown) : value;
}
