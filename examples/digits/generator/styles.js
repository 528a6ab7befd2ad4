/**
 * The glyph styles: which skeletons each digit uses, and the pen that draws them. Training and held-out styles share no
 * skeleton. Knows nothing of pixels.
 */
import { HELDOUT_FORMS } from './heldout-forms.js';
import { TRAINING_FORMS } from './training-forms.js';

/** @typedef {import('./paths.js').Polyline} Polyline */

/** @typedef {readonly [low: number, high: number]} Range each row picks its own value from it */

/**
 * @typedef {object} Pen lengths in glyph heights
 * @property {Range} width full stroke width
 * @property {Range} aspect glyph width
 * @property {Range} slant shift of the top to the right
 * @property {number} wobble amplitude of the bending of strokes
 * @property {number} thin width of the thinnest stroke direction as a share of the full width; 1 means an even stroke
 * @property {number} nib direction of the thinnest stroke, degrees from horizontal
 * @property {number} taper share of its width that a stroke loses towards its end, 0..1
 * @property {boolean} butt whether strokes end straight instead of round
 * @property {number} hollow share of rows that draw only the outline
 */

/**
 * @typedef {object} Style
 * @property {string} name
 * @property {Pen} pen
 * @property {readonly (readonly Polyline[][])[]} digits the index is the digit; a row picks one of its skeletons
 */

/** @typedef {'train' | 'heldout'} GlyphSet */

/** @type {Pen} */
const PLAIN = {
  width: [0.11, 0.15],
  aspect: [0.52, 0.64],
  slant: [-0.04, 0.04],
  wobble: 0.01,
  thin: 1,
  nib: 0,
  taper: 0,
  butt: false,
  hollow: 0,
};

/** Digits 0 to 9 in order. `|` joins the alternatives of one digit. @type {readonly Style[]} */
export const TRAINING_STYLES = [
  train('sans', 'oval flag|bar round bowls closed sans curve plain stacked curve', { butt: true }),
  train('light', 'oval bar|based neck bowls|flat lean sans curve|straight plain crossing curve', {
    width: [0.055, 0.08],
  }),
  train('heavy', 'oval|box flag round bowls closed sans hook plain stacked hook', {
    width: [0.2, 0.27],
    aspect: [0.56, 0.7],
    butt: true,
    hollow: 0.25,
  }),
  train('narrow', 'oval|box flag|bar round bowls closed sans hook plain stacked hook', {
    aspect: [0.34, 0.44],
    width: [0.09, 0.14],
    butt: true,
  }),
  train('wide', 'oval bar|flag round|neck bowls|flat closed sans curve plain|curved stacked stem|curve', {
    aspect: [0.72, 0.88],
    width: [0.08, 0.13],
  }),
  train(
    'rounded',
    'oval|box flag|long round|neck bowls|flat closed|fork square|sans curve plain stacked curve|tail',
    {
      width: [0.14, 0.2],
      hollow: 0.1,
    },
  ),
  train('oldstyle', 'oval serif serif bowls foot serif curve serif stacked curve|tail', {
    thin: 0.5,
    width: [0.11, 0.15],
    butt: true,
  }),
  train('didone', 'oval serif serif|round bowls foot serif hook serif stacked|crossing hook', {
    thin: 0.28,
    width: [0.14, 0.19],
    butt: true,
  }),
  train(
    'typewriter',
    'oval|slashed serif|based serif bowls|flat foot serif|sans curve serif stacked curve|tail',
    {
      width: [0.06, 0.09],
      aspect: [0.5, 0.6],
    },
  ),
  train(
    'italic',
    'oval flag|serif round|neck bowls closed|lean sans curve|straight curved|plain crossing curve',
    {
      slant: [0.16, 0.3],
      thin: 0.6,
      nib: 20,
    },
  ),
  train(
    'block',
    'octagon flag|based angular angular closed|fork octagon octagon plain|corner octagon octagon',
    {
      width: [0.11, 0.18],
      hollow: 0.1,
    },
  ),
  train(
    'boxy',
    'box bar|based angular|round angular|bowls fork|closed square octagon|hook plain|corner box octagon|stem',
    {
      width: [0.1, 0.16],
      aspect: [0.5, 0.72],
    },
  ),
  train('schoolbook', 'oval long neck bowls|flat open|fork hand curve|straight crossed crossing hook|hand', {
    width: [0.06, 0.1],
    wobble: 0.02,
  }),
  train(
    'print-hand',
    'hand|oval hand|bar hand|neck hand|flat open|fork|lean hand hand|straight hand|plain hand|crossing hand|stem',
    {
      width: [0.07, 0.12],
      slant: [-0.1, 0.2],
      wobble: 0.045,
    },
  ),
  train('quick-hand', 'hand hand|long loop|hand hand open hand hand tick|hand hand hand', {
    width: [0.05, 0.1],
    slant: [0, 0.3],
    aspect: [0.46, 0.74],
    wobble: 0.06,
    taper: 0.4,
  }),
  train(
    'brush',
    'hand|oval hand|flag hand|round hand|bowls lean|open hand|sans hand|curve hand|plain|crossed crossing|hand hand|tail',
    {
      width: [0.14, 0.22],
      wobble: 0.03,
      thin: 0.5,
      nib: 60,
      taper: 0.6,
    },
  ),
  train('segments', repeat('segments'), { width: [0.09, 0.14], slant: [0, 0.14], wobble: 0, butt: true }),
  train('dots', repeat('dots'), { width: [0.1, 0.16], aspect: [0.58, 0.7], wobble: 0 }),
];

/** @type {readonly Style[]} */
export const HELDOUT_STYLES = [
  heldout('ledger', { width: [0.06, 0.1], slant: [0.06, 0.22], wobble: 0.03, thin: 0.6, nib: 40 }),
  heldout('deco', { width: [0.08, 0.14], aspect: [0.46, 0.6], butt: true, thin: 0.7 }),
  heldout('techno', { width: [0.1, 0.17], aspect: [0.6, 0.76], wobble: 0, butt: true }),
  heldout('nib', { width: [0.13, 0.2], slant: [0, 0.12], wobble: 0.015, thin: 0.25, nib: 35 }),
];

/**
 * @param {GlyphSet} glyphs
 * @returns {readonly Style[]}
 * @throws {RangeError} if there is no such set
 */
export function stylesOf(glyphs) {
  if (glyphs === 'train') return TRAINING_STYLES;
  if (glyphs === 'heldout') return HELDOUT_STYLES;
  throw new RangeError(`no glyph set "${String(glyphs)}": use "train" or "heldout"`);
}

/**
 * @param {string} name
 * @param {string} forms
 * @param {Partial<Pen>} pen
 * @returns {Style}
 */
function train(name, forms, pen) {
  const digits = forms.split(' ').map((alternatives, digit) =>
    alternatives.split('|').map((form) => {
      const skeleton = TRAINING_FORMS[digit]?.[form];
      if (skeleton === undefined) throw new RangeError(`style ${name}: digit ${digit} has no form "${form}"`);
      return skeleton;
    }),
  );
  return { name, pen: { ...PLAIN, ...pen }, digits };
}

/**
 * A held-out style uses the forms of its own name.
 * @param {string} name
 * @param {Partial<Pen>} pen
 * @returns {Style}
 */
function heldout(name, pen) {
  const digits = HELDOUT_FORMS.map((forms) => [/** @type {Polyline[]} */ (forms[name])]);
  return { name, pen: { ...PLAIN, ...pen }, digits };
}

/** @param {string} form */
function repeat(form) {
  return Array.from({ length: 10 }, () => form).join(' ');
}
