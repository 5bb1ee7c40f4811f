export { SharedLease } from './lease.ts';
export { type ParkedTimer, ParkedTimers } from './parked-timers.ts';
export { type TimerObserver, TimerRunner } from './timer-runner.ts';
export { timersNoun } from './timers.module.ts';
export type { AnyTimer, TimerView } from './timers.projection.ts';
