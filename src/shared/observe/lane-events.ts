/** Events of lanes, as their worker sees them. */
import { event } from './event-kind.ts';

export const LANE_EVENTS = {
  /** A batch has run longer than its model may: the lane is killed. */
  'lane.stuck': event<{ readonly lane: number }>(
    'error',
    'a batch takes longer than its model may: the lane is killed',
  ),
};
