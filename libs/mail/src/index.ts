export * from './address.ts';
export * from './links.ts';
export * from './outbox.ts';
export * from './sandbox-mailbox.ts';
export * from './sender.ts';
export * from './smtp-transport.ts';
export * from './texts.ts';
export * from './transport.ts';
