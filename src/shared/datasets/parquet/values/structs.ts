/** Columns with named parts, none of which is a list. */
import type { SchemaTree } from 'hyparquet';
import type { Column } from '../file/leaves.ts';
import type { LeafCut } from './cells.ts';

/** Whether the column holds files as Hugging Face stores them: their bytes, or else a path. */
export function isMedia({ children }: SchemaTree): boolean {
  const [bytes, path] = ['bytes', 'path'].map((name) =>
    children.find(({ element }) => element.name === name),
  );
  return children.length === 2 && bytes?.element.type === 'BYTE_ARRAY' && path?.element.type === 'BYTE_ARRAY';
}

/** The bytes of each file. Without bytes its path, or null. */
export function mediaCells({ children }: SchemaTree, cuts: readonly LeafCut[], count: number): unknown[] {
  const isFirst = children[0]!.element.name === 'bytes';
  const [bytes, path] = isFirst ? [cuts[0]!, cuts[1]!] : [cuts[1]!, cuts[0]!];
  return Array.from({ length: count }, (_, row) => {
    const given = bytes.rows.values[bytes.from + row];
    const hasBytes = given instanceof Uint8Array && given.length > 0;
    return hasBytes ? given : (path.rows.values[path.from + row] ?? null);
  });
}

export function structCells({ node, leaves }: Column, cuts: readonly LeafCut[], count: number): unknown[] {
  type Cell = (row: number) => unknown;
  let next = 0;
  /** `level`: the definition level of the node's parent. */
  const reader = (tree: SchemaTree, level: number): Cell => {
    const own = level + (tree.element.repetition_type === 'REQUIRED' ? 0 : 1);
    if (tree.children.length === 0) {
      const { rows, from } = cuts[next++]!;
      return (row) => rows.values[from + row] ?? null;
    }
    // All leaves of a struct say alike whether it is null.
    const { rows, from } = cuts[next]!;
    const { maxDef } = leaves[next]!;
    const parts = tree.children.map((child) => [child.element.name, reader(child, own)] as const);
    return (row) =>
      (rows.def?.[from + row] ?? maxDef) < own
        ? null
        : Object.fromEntries(parts.map(([name, cell]) => [name, cell(row)]));
  };
  const cell = reader(node, 0);
  return Array.from({ length: count }, (_, row) => cell(row));
}
