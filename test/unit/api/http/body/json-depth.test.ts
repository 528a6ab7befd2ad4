import { describe, expect, it } from 'vitest';
import { nestsDeeper } from '#forebay/api/http/body/json-depth.js';

describe('the depth of a JSON text', () => {
  const depth = (text: string, most: number) => nestsDeeper(Buffer.from(text), most);

  it('counts arrays and objects, and ignores strings', () => {
    expect(depth('{"a":[{"b":[]}]}', 4)).toBe(false);
    expect(depth('{"a":[{"b":[]}]}', 3)).toBe(true);
    expect(depth('["[[[[", "\\"[[[[", "\\\\", ["x"]]', 2)).toBe(false);
    expect(depth('["\\\\\\"[[["]', 1)).toBe(false);
    expect(depth('[],[],[]', 1)).toBe(false);
    expect(depth('["never closed [[[', 1)).toBe(false);
  });

  it('is found immediately for 16 MB of brackets', () => {
    expect(nestsDeeper(Buffer.alloc(16 * 2 ** 20, '['), 32)).toBe(true);
  });
});
