// Configs of models in ../shared/data.

/** Of yolox-nano. */
export const YOLOX = {
  task: 'object-detection',
  head: 'yolox',
  preprocess: {
    resize: 'letterbox',
    crop: 416,
    pad: 114,
    align: 'top_left',
    color_order: 'bgr',
    rescale: 1,
  },
} as const;
