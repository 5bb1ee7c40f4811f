import type { Noun } from '#commands';
import { UpcomingController } from './timers.http.ts';
import { type AnyTimer, timersProjection } from './timers.projection.ts';
import { upcomingQueries } from './upcoming.queries.ts';

/** Over the timers of all nouns. */
export const timersNoun = (timers: readonly AnyTimer[]): Noun => ({
  name: 'timers',
  controllers: [UpcomingController],
  providers: upcomingQueries(timers),
  projections: [timersProjection(timers)],
});
