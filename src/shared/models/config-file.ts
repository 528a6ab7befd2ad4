/** The file that describes a model. */
export const CONFIG_FILE = 'model.json';
