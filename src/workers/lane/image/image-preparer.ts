/** Reads and decodes the images of a batch, straight into its tensor. The lane's own thread or a decode thread does it. */
import type { RowError } from '../../../shared/domain/row.ts';
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import type { DecodeMode } from '../../../shared/tasks/image/decode-mode.ts';
import type { Preprocess } from '../../../shared/tasks/image/preprocess.ts';
import { isOutOfMemory } from '../out-of-memory.ts';
import type { EncodedRow, RowBytes } from '../rows/row-bytes.ts';
import type { DecodedWindow, Decoder, JpegCodecName } from './decode/decoder.ts';
import type { DecoderFactory } from './decode/decoders.ts';
import type { Geometry } from './decode/geometry.ts';
import type { KeptPictures } from './kept-pictures.ts';
import type { ImageShelf, SharedImages } from './shared-images.ts';
import {
  createTensorFiller,
  type InputType,
  type Layout,
  type TensorData,
} from './normalise/tensor-filler.ts';

/** How images become rows of a tensor. */
export interface ImageSpec {
  readonly preprocess: Preprocess;
  readonly inputType: InputType;
  readonly layout: Layout;
}

/** Writes one image into row `at` of the tensor. Never throws or rejects. */
export type PrepareImage = (at: number, row: EncodedRow) => RowError | null | Promise<RowError | null>;

export interface ImagePreparer {
  /** The codec of JPEGs that are not shrunk while decoded. */
  readonly jpeg: JpegCodecName;
  /**
   * Opens a batch. `geometries`: gets the geometry of each image that is decoded. `decode`: null for the config's mode.
   */
  open(tensor: TensorData, geometries: Geometry[], decode: DecodeMode | null): PrepareImage;
}

export function createImagePreparer(
  { preprocess, inputType, layout }: ImageSpec,
  services: {
    readonly rowBytes: Pick<RowBytes, 'use'>;
    readonly createDecoder: DecoderFactory;
    readonly sharedImages?: SharedImages | undefined;
    readonly pictures?: KeptPictures | undefined;
  },
): ImagePreparer {
  const { rowBytes, createDecoder, sharedImages, pictures } = services;
  const filler = createTensorFiller(preprocess, inputType, layout);
  const decoders = new Map<DecodeMode, { readonly decoder: Decoder; readonly shelf: ImageShelf | null }>();
  const decoderOf = (decode: DecodeMode) => {
    const known = decoders.get(decode);
    if (known !== undefined) return known;
    const config = { ...preprocess, decode, keepOriginal: pictures !== undefined };
    const shelf = sharedImages?.shelfOf(config) ?? null;
    const made = { decoder: createDecoder({ ...config, beside: shelf?.beside }), shelf };
    decoders.set(decode, made);
    return made;
  };

  return {
    // The codec is loaded early, so that the first image need not wait for it.
    jpeg: decoderOf(preprocess.decode).decoder.jpeg,
    open(tensor, geometries, decode) {
      const { decoder, shelf } = decoderOf(decode ?? preprocess.decode);
      return (at, row) => {
        const put = (window: DecodedWindow, geometry: Geometry) => {
          geometries[at] = geometry;
          filler.put(tensor, at, window, geometry);
        };
        try {
          if (shelf?.give(row, put) === true) return null;
          const done = rowBytes.use(row, (bytes) =>
            decoder.decodeTo(bytes, (window, geometry) => {
              put(window, geometry);
              shelf?.keep(row, window, geometry);
              pictures?.keep(row, window, geometry);
            }),
          );
          return done instanceof Promise ? done.then(() => null, notDecoded) : null;
        } catch (error) {
          return notDecoded(error);
        }
      };
    },
  };
}

export function notDecoded(error: unknown): RowError {
  const otherwise = isOutOfMemory(error) ? 'out_of_memory' : 'decode_failed';
  const code = error instanceof ForebayError ? error.code : otherwise;
  return { code, message: messageOf(error) };
}
