import type { Provider, Type } from '@nestjs/common';
import type { Catalogue, Policy, Projection, Timer } from '#kernel';
import type { MailKind } from '#mail';
import type { CommandClass } from './commands.ts';
import type { AnyRow } from './handlers.ts';

/** What a noun brings: its tables, its routes and its explicit handlers. The application collects them. */
export interface Noun {
  readonly name: string;
  readonly catalogue?: Catalogue;
  /** Every command class, so that policies can name it. */
  readonly commands?: readonly CommandClass[];
  readonly rows?: readonly AnyRow[];
  /** Explicit command handlers, query handlers and what they need. */
  readonly providers?: readonly Provider[];
  readonly controllers?: readonly Type[];
  // biome-ignore lint/suspicious/noExplicitAny: tables of every document and event type.
  readonly projections?: readonly Projection<any, any>[];
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly policies?: readonly Policy<any>[];
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly timers?: readonly Timer<any>[];
  readonly mails?: readonly MailKind[];
}
