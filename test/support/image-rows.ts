// What a submit knows of a model of images.
export const IMAGE_ROWS = {
  tenant: 'default',
  taskInput: 'image',
  fields: { names: ['image'], needed: ['image'], text: null },
} as const;
