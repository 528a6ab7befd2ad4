/** Reads the XML answers of object stores. Pure. */
import { parseXML } from '@aws-sdk/xml-builder';

export type Xml = { readonly [name: string]: Xml | string | undefined | readonly (Xml | string)[] };

/** Null if the text is not XML. */
export function parsedXml(text: string): Xml | null {
  try {
    return parseXML(text.replace(/^\ufeff/, '')) as Xml;
  } catch {
    return null;
  }
}

/** All elements with this name. */
export function elementsOf(parent: Xml, name: string): Xml[] {
  const found = parent[name];
  return (found === undefined || found === '' ? [] : Array.isArray(found) ? found : [found]) as Xml[];
}

/** An element without text is an empty object or an empty string. */
export function textOf(value: Xml[string]): string {
  return typeof value === 'string' ? value : '';
}

/** Epoch ms. Null: no time. */
export function timeOf(value: Xml[string]): number | null {
  const time = Date.parse(textOf(value));
  return Number.isNaN(time) ? null : time;
}
