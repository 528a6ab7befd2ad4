/** Cuts objects out of images: out of pictures that the detector has left, or out of images that are decoded again. */
import type { RowError } from '../../../shared/domain/row.ts';
import type { ModelConfig } from '../../../shared/domain/model/model-config.ts';
import { isPipeline } from '../../../shared/tasks/pipeline/pipeline-config.ts';
import { PREPROCESS, type Preprocess } from '../../../shared/tasks/image/preprocess.ts';
import type { DecodeMode } from '../../../shared/tasks/image/decode-mode.ts';
import { DETECTIONS_FIELD } from '../../../shared/tasks/pipeline/chain-config.ts';
import { resultSchemaOf } from '../../../shared/tasks/result-schema.ts';
import { taskOf } from '../../../shared/tasks/task-descriptions.ts';
import type { OptionValues } from '../../../shared/tasks/task-description.ts';
import type { Decoder } from '../image/decode/decoder.ts';
import { decodePicture, wholeConfig } from '../image/decode/picture-decoder.ts';
import { notDecoded } from '../image/image-preparer.ts';
import type { PictureShelf } from '../image/kept-pictures.ts';
import { PicturePart, wholePart } from '../image/picture.ts';
import { invalidRow } from '../tasks/record.ts';
import type { LaneServices, TaskInput } from '../tasks/task.ts';
import { cropOf, type FoundObject } from './found-objects.ts';

export interface CropSource {
  /** For the crops of one step, row by row. */
  open(options: OptionValues): Cutter;
  /** The rows are done. */
  drop(rows: readonly TaskInput[]): void;
}

export interface Cutter {
  /** Never throws or rejects. */
  cut(row: TaskInput, box: FoundObject['box']): TaskInput | RowError | Promise<TaskInput | RowError>;
}

/** `detector`: decides how images are decoded, because its boxes refer to that. */
export function createCropSource(
  detector: ModelConfig,
  shelf: PictureShelf,
  { createDecoder, rowBytes }: Pick<LaneServices, 'createDecoder' | 'rowBytes'>,
): CropSource {
  const preprocess = preprocessOf(detector);
  const decoders = new Map<DecodeMode, Decoder>();

  function decoderOf(decode: DecodeMode): Decoder {
    const known = decoders.get(decode);
    if (known !== undefined) return known;
    const made = createDecoder(wholeConfig({ ...preprocess, decode }));
    decoders.set(decode, made);
    return made;
  }

  function open(options: OptionValues): Cutter {
    const decoder = decoderOf((options['decode'] as DecodeMode | null) ?? preprocess.decode);
    /** The image of the last row, which mostly has further crops. */
    let last: { readonly row: TaskInput; readonly image: PicturePart | RowError } | null = null;

    /**
     * Some members hold their rows until their batch has run. Nothing bounds images that are decoded again, so a part of
     * one gets pixels of its own.
     */
    function partOf(
      row: TaskInput,
      image: PicturePart | RowError,
      box: FoundObject['box'],
    ): TaskInput | RowError {
      if (!(image instanceof PicturePart)) return image;
      const part = image.within(cropOf(box, image.size));
      return { madeUp: 'madeUp' in row || shelf.of(row) !== null ? part : part.alone() };
    }

    function imageOf(row: TaskInput): PicturePart | RowError | Promise<PicturePart | RowError> {
      if ('madeUp' in row) return row.madeUp as PicturePart;
      if ('json' in row) return invalidRow('the row has no image to cut objects out of');
      const kept = shelf.of(row);
      if (kept !== null) return wholePart(kept);
      try {
        const done = rowBytes.use(row, (bytes) => decodePicture(decoder, bytes));
        return done instanceof Promise ? done.then(wholePart).catch(notDecoded) : wholePart(done);
      } catch (error) {
        return notDecoded(error);
      }
    }

    return {
      cut(row, box) {
        const remember = (image: PicturePart | RowError) => {
          last = { row, image };
          return partOf(row, image, box);
        };
        if (last?.row === row) return partOf(row, last.image, box);
        last = null;
        const image = imageOf(row);
        return image instanceof Promise ? image.then(remember) : remember(image);
      },
    };
  }

  return {
    open,
    drop(rows) {
      for (const row of rows) shelf.drop(row);
    },
  };
}

function detects(config: ModelConfig): boolean {
  return DETECTIONS_FIELD in resultSchemaOf(taskOf(config), config).properties;
}

/** A detector that is user code has no `preprocess`. Then images are decoded as Pillow does. */
function preprocessOf(config: ModelConfig): Pick<Preprocess, 'icc' | 'auto_orient' | 'decode'> {
  if (isPipeline(config)) return preprocessOf(config.members.map((one) => one.config).find(detects)!);
  const { preprocess } = config as { readonly preprocess?: Preprocess };
  return preprocess ?? PREPROCESS.parse({ crop: 1 });
}
