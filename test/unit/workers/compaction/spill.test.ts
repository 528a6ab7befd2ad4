import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openSpill } from '#forebay/workers/compaction/spill.js';
import { testFolder } from '../../../support/lanes.ts';

it('keeps the order of the lines of a key, in memory and on the disk, and leaves no file', async () => {
  const folder = testFolder();
  const spill = await openSpill(folder, 'compact-t', 20);
  const lines = Array.from({ length: 50 }, (_, i) => `${i}ü\n`);
  for (const [i, line] of lines.entries()) await spill.add(i % 3 === 0 ? 'b' : 'a', line);
  expect([readdirSync(folder), spill.keys()]).toEqual([[], ['a', 'b']]);
  const read = async (key: string) => {
    let text = '';
    for await (const piece of spill.read(key)) text += piece;
    return text;
  };
  expect(await read('a')).toBe(lines.filter((_, i) => i % 3 !== 0).join(''));
  expect(await read('b')).toBe(lines.filter((_, i) => i % 3 === 0).join(''));
  expect(await read('c')).toBe('');
  await spill.close();
});
