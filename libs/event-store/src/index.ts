export * from './port.ts';
export * from './readable-events.ts';
