export { SharedLease } from './lease.ts';
export { type ParkedTimer, ParkedTimers } from './parked-timers.ts';
export { type TimerObserver, TimerRunner } from './timer-runner.ts';
export { type AnyTimer, type TimerView, timersProjection } from './timers.projection.ts';
