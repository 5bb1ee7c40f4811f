export * from './port.ts';
export * from './projector.ts';
export * from './reader.ts';
