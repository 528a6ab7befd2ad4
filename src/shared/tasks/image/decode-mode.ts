/**
 * How JPEGs are decoded. `exact`: bit for bit as Pillow does. `fast`: some values differ by a few of 255. `shrink`: as
 * `exact`, but JPEGs whose sides are at least four times as long as needed are shrunk while they are decoded.
 */
export const DECODE_MODES = ['exact', 'fast', 'shrink'] as const;
export type DecodeMode = (typeof DECODE_MODES)[number];
