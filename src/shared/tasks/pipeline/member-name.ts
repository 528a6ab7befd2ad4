/** How a pipeline names its models. */
import { z } from 'zod';

/** A model of the same models folder, such as `resnet50` or `resnet50@2`. */
export const MEMBER_NAME = z.string().min(1).max(200);

/** The most models that a pipeline may name directly. */
export const MAX_MEMBERS = 16;
