/** The columns of a Parquet file, and the leaves that store their values. A nested column has several leaves. */
import type { SchemaElement, SchemaTree } from 'hyparquet';
import { getMaxDefinitionLevel, getMaxRepetitionLevel } from 'hyparquet/src/schema.js';

export interface Leaf {
  /** Its position among all leaves of the file. */
  readonly at: number;
  readonly path: readonly string[];
  readonly element: SchemaElement;
  /** From the root to the leaf. */
  readonly schemaPath: SchemaTree[];
  /** The definition level of a value that is not null. */
  readonly maxDef: number;
  /** 0: one value per row. */
  readonly maxRep: number;
}

export interface Column {
  readonly name: string;
  readonly node: SchemaTree;
  readonly leaves: readonly Leaf[];
  /** Whether files of a struct `{bytes, path}` stay structs. */
  readonly isWhole?: true;
}

export function columnsOf(root: SchemaTree): Column[] {
  let count = 0;
  const leavesOf = (node: SchemaTree, above: readonly SchemaTree[]): Leaf[] => {
    const schemaPath = [...above, node];
    if (node.children.length > 0) return node.children.flatMap((child) => leavesOf(child, schemaPath));
    return [
      {
        at: count++,
        path: node.path,
        element: node.element,
        schemaPath,
        maxDef: getMaxDefinitionLevel(schemaPath),
        maxRep: getMaxRepetitionLevel(schemaPath),
      },
    ];
  };
  return root.children.map((node) => ({ name: node.element.name, node, leaves: leavesOf(node, [root]) }));
}
