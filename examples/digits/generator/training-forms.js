/**
 * Skeletons of the training glyphs: the ways to write each digit, by name, in the path language of paths.js. They were
 * drawn by hand for this example. Held-out shapes are in heldout-forms.js.
 */
import { dotsOf, flattenPath, turnAround } from './paths.js';

/** @typedef {import('./paths.js').Polyline} Polyline */
/** @typedef {Record<string, Polyline[]>} Forms */

/** @type {readonly Record<string, string>[]} */
const PATHS = [
  {
    oval: 'A .5 .5 .5 .5 -90 270',
    box: 'M .3 0 L .7 0 Q 1 0 1 .3 L 1 .7 Q 1 1 .7 1 L .3 1 Q 0 1 0 .7 L 0 .3 Q 0 0 .3 0',
    octagon: 'M .3 0 L .7 0 L 1 .18 L 1 .82 L .7 1 L .3 1 L 0 .82 L 0 .18 L .3 0',
    slashed: 'A .5 .5 .5 .5 -90 270 M .24 .8 L .76 .2',
    hand: 'M .62 .04 C .2 -.08 0 .3 .02 .6 C .04 .95 .4 1.05 .65 .95 C 1 .8 1.05 .3 .85 .12 C .75 .03 .6 .02 .5 .1',
  },
  {
    bar: 'M .5 0 L .5 1',
    flag: 'M .22 .22 L .56 0 L .56 1',
    based: 'M .22 .2 L .55 0 L .55 1 M .15 1 L .92 1',
    long: 'M .1 .42 L .68 0 L .68 1',
    serif: 'M .2 .16 Q .44 .12 .52 0 L .52 1 M .2 1 L .84 1',
    hand: 'M .3 .18 L .6 .02 L .5 1',
  },
  {
    round: 'M .04 .28 C .06 -.08 .96 -.1 .96 .28 C .96 .52 .3 .72 .02 1 L 1 1',
    angular: 'M 0 .2 L .25 0 L .75 0 L 1 .2 L 1 .4 L 0 .88 L 0 1 L 1 1',
    loop: 'M .08 .22 C .2 -.08 .9 -.05 .85 .3 C .8 .6 .4 .85 .2 .95 C .02 1.02 -.02 .8 .18 .8 C .4 .8 .6 1.02 1 .93',
    neck: 'M .06 .3 C .06 -.1 .94 -.1 .94 .28 C .94 .5 .62 .58 .4 .72 C .2 .84 .08 .9 .06 1 L .96 1',
    serif: 'M .06 .26 C .06 -.08 .94 -.1 .94 .27 C .94 .52 .3 .74 .02 1 L .98 1 L 1 .82',
    hand: 'M .08 .2 C .3 -.1 .95 -.02 .84 .32 C .75 .58 .3 .86 .02 .98 L .96 .95',
  },
  {
    bowls:
      'M .05 .15 C .3 -.1 .92 -.06 .92 .25 C .92 .42 .7 .48 .4 .48 C .75 .48 1 .55 1 .74 C 1 1.08 .25 1.08 0 .84',
    flat: 'M .05 0 L .92 0 L .42 .4 C .8 .38 1 .52 1 .7 C 1 1.06 .25 1.1 0 .86',
    angular:
      'M 0 .14 L .2 0 L .8 0 L .98 .15 L .98 .35 L .78 .48 L .35 .48 M .78 .48 L 1 .62 L 1 .85 L .8 1 L .2 1 L 0 .86',
    hand: 'M .1 .1 C .4 -.1 .95 .02 .8 .28 C .7 .42 .5 .45 .38 .46 C .7 .44 1.05 .6 .92 .8 C .75 1.08 .2 1.02 .05 .88',
  },
  {
    closed: 'M .72 1 L .72 0 L 0 .7 L 1 .7',
    lean: 'M .62 1 L .62 0 L .02 .6 L .02 .68 L .98 .68',
    foot: 'M .7 1 L .7 0 L 0 .72 L 1 .72 M .48 1 L .92 1',
    open: 'M .24 0 L .04 .58 L .96 .58 M .72 .2 L .68 1',
    fork: 'M .06 .02 L .06 .54 L .98 .54 M .8 0 L .8 1',
  },
  {
    sans: 'M .92 0 L .2 0 L .12 .45 C .4 .3 1 .32 1 .67 C 1 1.08 .25 1.1 0 .88',
    square: 'M .95 0 L .08 0 L .08 .44 L .7 .44 Q 1 .44 1 .7 Q 1 1 .65 1 L .02 1',
    octagon: 'M .98 0 L .04 0 L .04 .44 L .76 .44 L 1 .58 L 1 .84 L .76 1 L .2 1 L 0 .88',
    serif: 'M .2 .02 Q .6 .1 .9 0 M .2 .02 L .14 .46 C .42 .3 .98 .36 .98 .68 C .98 1.06 .2 1.1 .02 .86',
    hand: 'M .2 .05 L .15 .42 C .6 .3 .98 .5 .9 .75 C .8 1.05 .25 1.02 .05 .9 M .2 .05 L .92 .02',
  },
  {
    curve: 'M .85 .04 C .4 .06 0 .35 0 .68 C 0 1.1 1 1.1 1 .68 C 1 .34 .2 .3 .03 .62',
    straight: 'M .62 0 L .07 .55 A .5 .68 .48 .32 205 565',
    hook: 'M .92 .16 C .75 -.06 .02 -.12 .02 .55 C .02 1.12 1 1.12 1 .7 C 1 .36 .1 .34 .03 .66',
    octagon: 'M .9 0 L .3 0 L 0 .18 L 0 .84 L .26 1 L .74 1 L 1 .84 L 1 .6 L .74 .46 L 0 .46',
    hand: 'M .55 0 C .2 .2 -.05 .6 .05 .82 C .2 1.1 .85 1.05 .85 .75 C .85 .5 .3 .5 .12 .8',
  },
  {
    plain: 'M .02 0 L 1 0 L .35 1',
    crossed: 'M .02 0 L 1 0 L .35 1 M .3 .5 L .92 .5',
    curved: 'M .02 0 L .98 0 C .6 .3 .42 .65 .4 1',
    serif: 'M .02 .18 L .02 0 L .98 0 L .38 1',
    corner: 'M 0 0 L 1 0 L 1 .3 L .5 .62 L .5 1',
    hand: 'M .05 .08 C .3 .02 .7 .1 .95 .02 C .7 .4 .5 .7 .42 1',
    tick: 'M .04 .06 L .96 .03 L .42 1 M .26 .48 L .88 .44',
  },
  {
    stacked: 'A .5 .24 .42 .24 90 450 M .5 .48 A .5 .74 .5 .26 -90 270',
    crossing:
      'M .9 .2 C .85 -.08 .1 -.08 .1 .22 C .1 .5 .97 .48 .97 .77 C .97 1.08 .03 1.08 .03 .77 C .03 .48 .9 .5 .9 .2',
    octagon:
      'M .25 0 L .75 0 L .97 .14 L .97 .34 L .75 .48 L .25 .48 L .03 .34 L .03 .14 L .25 0 M .25 .48 L 0 .64 L 0 .86 L .25 1 L .75 1 L 1 .86 L 1 .64 L .75 .48',
    box: 'M .2 0 L .8 0 Q .96 0 .96 .16 L .96 .32 Q .96 .48 .8 .48 L .2 .48 Q .04 .48 .04 .32 L .04 .16 Q .04 0 .2 0 M .2 .48 Q 0 .48 0 .64 L 0 .84 Q 0 1 .2 1 L .8 1 Q 1 1 1 .84 L 1 .64 Q 1 .48 .8 .48',
    hand: 'M .85 .1 C .55 -.1 .08 0 .15 .25 C .25 .5 .9 .55 .88 .8 C .85 1.06 .1 1.06 .1 .8 C .12 .55 .7 .5 .88 .06',
  },
  {
    stem: 'M .96 .3 A .49 .3 .47 .3 0 360 M .96 .06 L .96 1',
    tail: 'M .96 .3 A .49 .3 .47 .3 0 360 C .96 .6 .9 1 .3 1',
    hand: 'M .85 .12 C .6 -.1 .05 0 .08 .3 C .1 .58 .75 .55 .87 .15 L .75 1',
  },
];

/** Seven segments a..g: top, upper right, lower right, bottom, lower left, upper left, middle. */
const SEGMENTS = {
  a: [0.1, 0, 0.9, 0],
  b: [1, 0.06, 1, 0.44],
  c: [1, 0.56, 1, 0.94],
  d: [0.1, 1, 0.9, 1],
  e: [0, 0.56, 0, 0.94],
  f: [0, 0.06, 0, 0.44],
  g: [0.1, 0.5, 0.9, 0.5],
};
const LIT = ['abcdef', 'bc', 'abged', 'abgcd', 'fgbc', 'afgcd', 'afgedc', 'abc', 'abcdefg', 'abcdfg'];

/** The usual 5 x 7 matrix of a character display. */
const DOTS = [
  ['.###.', '#...#', '#..##', '#.#.#', '##..#', '#...#', '.###.'],
  ['..#..', '.##..', '..#..', '..#..', '..#..', '..#..', '.###.'],
  ['.###.', '#...#', '....#', '...#.', '..#..', '.#...', '#####'],
  ['#####', '...#.', '..#..', '...#.', '....#', '#...#', '.###.'],
  ['...#.', '..##.', '.#.#.', '#..#.', '#####', '...#.', '...#.'],
  ['#####', '#....', '####.', '....#', '....#', '#...#', '.###.'],
  ['..##.', '.#...', '#....', '####.', '#...#', '#...#', '.###.'],
  ['#####', '....#', '...#.', '..#..', '.#...', '.#...', '.#...'],
  ['.###.', '#...#', '#...#', '.###.', '#...#', '#...#', '.###.'],
  ['.###.', '#...#', '#...#', '.####', '....#', '...#.', '.##..'],
];

/**
 * The index is the digit. Every digit has `segments` and `dots` besides its drawn forms.
 * @type {readonly Forms[]}
 */
export const TRAINING_FORMS = PATHS.map((paths, digit) => {
  /** @type {Forms} */
  const forms = {};
  for (const [name, path] of Object.entries(paths)) forms[name] = flattenPath(path);
  if (digit === 9) {
    for (const name of ['curve', 'hook', 'octagon']) {
      forms[name] = turnAround(flattenPath(/** @type {string} */ (PATHS[6]?.[name])));
    }
  }
  forms['segments'] = Array.from(LIT[digit] ?? '', (s) => [...SEGMENTS[/** @type {'a'} */ (s)]]);
  forms['dots'] = dotsOf(DOTS[digit] ?? []);
  return forms;
});
