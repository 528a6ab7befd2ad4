// Text of the dashboard and of the page at /docs has the contrast of WCAG AA on every background, in both schemes.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const schemes = schemesOf('style.css');

function schemesOf(file: string): Map<string, string>[] {
  const css = readFileSync(new URL(`../../../dashboard/${file}`, import.meta.url), 'utf8');
  return [...css.matchAll(/:root \{([^}]*)\}/g)].map(
    ([, block]) =>
      new Map([...block!.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name!, value!])),
  );
}

/** WCAG 2.2, relative luminance. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (light! + 0.05) / (dark! + 0.05);
}

describe.each(schemes.map((colours, i) => [['light', 'dark'][i], colours] as const))(
  'in the %s scheme',
  (_, colours) => {
    it.each(['text', 'muted', 'link', 'good', 'warn', 'bad'])('%s is readable', (name) => {
      for (const back of ['back', 'panel']) {
        expect(contrast(colours.get(name)!, colours.get(back)!), `on ${back}`).toBeGreaterThanOrEqual(4.5);
      }
    });

    it('so is the text of the main button', () => {
      expect(contrast(colours.get('on-accent')!, colours.get('accent')!)).toBeGreaterThanOrEqual(4.5);
    });

    it('graphics stand out', () => {
      expect(contrast(colours.get('bar')!, colours.get('back')!)).toBeGreaterThanOrEqual(3);
    });
  },
);

it('there are two schemes', () => expect(schemes).toHaveLength(2));

it('the page at /docs is readable, too', () => {
  const [light, dark] = schemesOf('reference/style.css');
  for (const colours of [light!, dark!]) {
    for (const name of ['text', 'muted', 'link']) {
      for (const back of ['back', 'panel']) {
        const found = contrast(colours.get(name)!, colours.get(back)!);
        expect(found, `${name} on ${back}`).toBeGreaterThanOrEqual(4.5);
      }
    }
  }
  for (const name of ['get', 'post', 'delete']) {
    expect(contrast('#ffffff', light!.get(name)!), name).toBeGreaterThanOrEqual(4.5);
  }
});
