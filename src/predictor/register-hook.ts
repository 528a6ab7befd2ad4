/** Lets this process import predictors. Also works as `node --import`. */
import { register } from 'node:module';

register('./import-hook.js', import.meta.url);
