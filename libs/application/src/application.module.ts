import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { CommandBus, CqrsModule, QueryBus } from '@nestjs/cqrs';
import { AdditionDays } from '#accounts';
import { ApiKeySecrets, ApiKeyUses } from '#api-keys';
import { isoTime, SpareTime } from '#clock';
import {
  CommandClasses,
  Commands,
  Effects,
  Execution,
  Fingerprints,
  handlersFor,
  PastCommands,
} from '#commands';
import { Afterwards, CredentialRates, Guesses, OperatorToken } from '#credentials';
import { boundedProof, networkProof } from '#dns-proof';
import { DOMAIN_PROOF, DomainTokens } from '#domains';
import { Stopping } from '#http';
import { BulkImportDefault, ImportNotices, ImportReport, ImportRunner, RowImport } from '#imports';
import { InvitationLinks, PendingLimit } from '#invitations';
import { Outbox, PublicUrl } from '#mail';
import { Desk, MailBell, MailKinds } from '#notifications';
import { Metrics } from '#observability';
import { AccessTokens, noAccessTokens, providerTokens } from '#oidc';
import { Health, operationsNoun } from '#operations';
import { PermissionGuard } from '#permissions';
import { PolicyRunner, RemoteEffects } from '#policies';
import { LogHead, Queries } from '#queries';
import { Projector, ReadModelBehind, ReadModels, RemoteProgress } from '#read-models';
import { Sandbox, sandboxNoun, World } from '#sandbox';
import {
  Challenges,
  Credentials,
  GuessLimits,
  Passwords,
  type Rate,
  RateLimit,
  rates,
  Sessions,
  TwoFactors,
} from '#sign-in';
import { noTextMessages, TextMessages } from '#text-messages';
import { ParkedTimers, SharedLease, TimerRunner } from '#timers';
import { AddressHash, LinkTokens, PersonalSeal } from '#tokens';
import { Erasure, Rates } from '#users';
import { mails, nouns, policies, projections, timers } from './nouns.ts';
import { PersonalErasure } from './personal-erasure.ts';
import type { Platform } from './platform.ts';
import { sandboxWorld } from './sandbox-world.ts';

const given = <T>(provide: abstract new (...args: never[]) => T, useValue: T): Provider => ({
  provide,
  useValue,
});

/** Domains that are looked at in the same moment: a few sockets each; those who ask by hand get in beside the timers. */
const CHECKS_AT_ONCE = 256;

/** Longer than any list takes, and than other processes take to learn of a switch. */
const RETIRE_AFTER_MS = 3_000;

/** How far the read models are: the projector of this process, or what the store tells of another's. */
export const PROGRESS = Symbol('Progress');

@Module({})
// biome-ignore lint/complexity/noStaticOnlyClass: Nest wants a class to hang a module on.
export class ApplicationModule {
  /** The nouns' tables as one Nest module over a platform that is open. */
  static over(platform: Platform): DynamicModule {
    const { settings, stores, master, clock, events, log } = platform;
    const all = platform.sandbox ? [...nouns, sandboxNoun] : nouns;
    const limited = settings.rateLimits;
    const tokens = new LinkTokens(master);
    const factors = new TwoFactors(stores.records, master, new PersonalSeal(platform.personalKeys), clock);
    const rate = (name: string, of: Rate) =>
      limited ? new RateLimit(name, of, master, clock, stores.records) : undefined;
    const mailRate = rate('mails', rates.mails);
    const projector = new Projector(
      events,
      stores.readModels,
      projections,
      {
        progressed: () => {},
        quarantined: (projection, { stream, position, error }) =>
          log.error({ projection, stream, position, reason: error }, 'a stream is quarantined'),
        interrupted: (err) => log.warn({ err }, 'the projector is interrupted'),
      },
      // In MongoDB documents lie where it puts them.
      { retireAfterMs: RETIRE_AFTER_MS, ...(settings.mongodbUrl ? { bulkyLastFrom: Infinity } : {}) },
    );
    const progress = platform.follows
      ? projector
      : new RemoteProgress(stores.readModels, projections, (err) =>
          log.warn({ err }, 'the progress of the read models is not known'),
        );
    const readModels = new ReadModels(stores.readModels, progress, projections);
    /** Newest event of a correlation that an auditor can see; a command's own id names the correlation it began. */
    const newestOf = async (correlationId: string, commandId?: string) => {
      const { items } = await readModels.list<{ position: number; fingerprint: string }>('audit', {
        where: { correlationId, commandId },
        sort: { field: 'position', direction: -1 },
        limit: 1,
        totals: false,
      });
      return items[0];
    };
    /** What policies have done already is in the log, but the audit history may not show it yet. */
    const lastOf = async (correlationId: string) => {
      try {
        await readModels.reach(await events.head());
      } catch (error) {
        if (error instanceof ReadModelBehind) return undefined;
        throw error;
      }
      return (await newestOf(correlationId))?.position ?? 0;
    };
    const past: PastCommands = {
      fingerprintOf: async (commandId) => (await newestOf(commandId, commandId))?.fingerprint,
    };
    return {
      module: ApplicationModule,
      global: true,
      imports: [CqrsModule.forRoot()],
      controllers: (platform.watched ? [operationsNoun] : all).flatMap((noun) => [
        ...(noun.controllers ?? []),
      ]),
      providers: [
        given(Projector, projector),
        given(ReadModels, readModels),
        { provide: PROGRESS, useValue: progress },
        given(LinkTokens, tokens),
        given(AddressHash, new AddressHash(master)),
        given(DomainTokens, new DomainTokens(master)),
        given(AdditionDays, new AdditionDays(settings.invitationDays)),
        given(InvitationLinks, new InvitationLinks(tokens, settings.invitationDays)),
        given(Passwords, new Passwords()),
        given(Credentials, new Credentials(stores.records, clock)),
        given(Sessions, new Sessions(stores.records, master, clock)),
        given(Guesses, new Guesses(limited ? new GuessLimits(stores.records, master, clock) : undefined)),
        given(
          Rates,
          new Rates(rate('sign-ups', rates.signUps), mailRate, rate('invitations', rates.invitations)),
        ),
        given(
          CredentialRates,
          new CredentialRates(rate('resets', rates.resets), mailRate, rate('texts', rates.texts)),
        ),
        given(
          AccessTokens,
          settings.oidcIssuer && settings.oidcAudience
            ? providerTokens({ issuer: settings.oidcIssuer, audience: settings.oidcAudience }, clock)
            : noAccessTokens,
        ),
        given(ApiKeySecrets, new ApiKeySecrets(master)),
        given(ApiKeyUses, new ApiKeyUses(stores.records, clock)),
        given(TwoFactors, factors),
        given(Challenges, new Challenges(stores.records, factors, clock)),
        given(TextMessages, platform.sandbox?.textMessages ?? noTextMessages),
        given(
          Afterwards,
          new Afterwards((err) => log.warn({ err }, 'a request to reset a password is lost')),
        ),
        given(OperatorToken, new OperatorToken(platform.operatorToken)),
        given(Outbox, new Outbox(stores.work, clock)),
        given(MailBell, new MailBell()),
        given(PublicUrl, new PublicUrl()),
        { provide: MailKinds, inject: [Desk], useFactory: (desk: Desk) => new MailKinds(mails, desk) },
        given(Metrics, platform.metrics),
        given(CommandClasses, new CommandClasses(all.flatMap((noun) => [...(noun.commands ?? [])]))),
        given(PastCommands, past),
        given(Fingerprints, new Fingerprints(master.derive('fingerprints'))),
        given(LogHead, events),
        given(Stopping, new Stopping()),
        given(SpareTime, platform.spareTime),
        given(BulkImportDefault, new BulkImportDefault(platform.sandbox !== undefined)),
        {
          provide: DOMAIN_PROOF,
          useValue:
            platform.sandbox?.proof ??
            boundedProof(networkProof({ dnsServers: settings.dnsServers }), CHECKS_AT_ONCE),
        },
        {
          // Policies issue commands and commands wait for policies: the runner learns of the front door last.
          provide: PolicyRunner,
          useFactory: () =>
            new PolicyRunner(
              events,
              stores.work,
              clock,
              policies,
              {
                parked: ({ policy, command, stream, code }) =>
                  log.warn({ policy, command, stream, code }, 'a follow-on command is parked'),
                interrupted: (err) => log.warn({ err }, 'the policies are interrupted'),
              },
              { watched: platform.watched, lastOf },
            ),
        },
        platform.follows
          ? { provide: Effects, useExisting: PolicyRunner }
          : given(Effects, new RemoteEffects(stores.work, policies, lastOf)),
        {
          provide: Execution,
          inject: [PolicyRunner],
          useFactory: (runner: PolicyRunner) => new Execution(events, clock, runner),
        },
        {
          provide: Erasure,
          inject: [Execution],
          useFactory: (execution: Execution) => new PersonalErasure(platform, execution, projector),
        },
        {
          provide: PendingLimit,
          inject: [Execution, LogHead],
          useFactory: (execution: Execution, log: LogHead) =>
            new PendingLimit(
              settings.pendingInvitations,
              readModels,
              () => execution.now(),
              () => log.head(),
            ),
        },
        {
          provide: Commands,
          inject: [CommandBus, Effects, CommandClasses, Fingerprints, PastCommands],
          useFactory: (
            bus: CommandBus,
            effects: Effects,
            classes: CommandClasses,
            fingerprints: Fingerprints,
            past: PastCommands,
          ) =>
            new Commands(bus, effects, classes, fingerprints, past, (err) =>
              log.warn({ err }, 'the effects of a command are not known yet'),
            ),
        },
        {
          provide: PermissionGuard,
          inject: [Commands],
          useFactory: (commands: Commands) => new PermissionGuard(commands),
        },
        {
          provide: TimerRunner,
          inject: [Commands],
          useFactory: (commands: Commands) =>
            new TimerRunner({
              readModels,
              log: events,
              timers,
              commands,
              parked: new ParkedTimers(stores.work),
              lease: new SharedLease(stores.work, 'timers'),
              clock,
              observer: {
                parked: ({ command, resource, code }) =>
                  log.warn({ command, resource, code }, 'a timer is parked'),
                interrupted: (err) => log.warn({ err }, 'the timers are interrupted'),
              },
            }),
        },
        {
          provide: ImportRunner,
          inject: [Execution, ImportReport, RowImport, ImportNotices],
          useFactory: (execution: Execution, report: ImportReport, rows: RowImport, notices: ImportNotices) =>
            new ImportRunner(execution, readModels, events, report, rows, notices, (err) =>
              log.warn({ err }, 'an import is interrupted'),
            ),
        },
        {
          provide: Queries,
          inject: [QueryBus],
          useFactory: (bus: QueryBus) => new Queries(bus, readModels, events, () => isoTime(clock.now())),
        },
        {
          provide: Health,
          inject: [PolicyRunner, TimerRunner],
          useFactory: (policyRunner: PolicyRunner, timerRunner: TimerRunner) =>
            new Health(
              events,
              {
                readModels: stores.readModels,
                records: stores.records,
                work: stores.work,
                keys: stores.keys,
              },
              progress,
              async () => (await policyRunner.countParked()) + (await timerRunner.countParked()),
            ),
        },
        ...(platform.sandbox
          ? [
              { provide: Sandbox, useValue: platform.sandbox },
              {
                provide: World,
                inject: [TimerRunner, PolicyRunner, ImportRunner, MailBell],
                useFactory: (
                  timerRunner: TimerRunner,
                  policyRunner: PolicyRunner,
                  imports: ImportRunner,
                  bell: MailBell,
                ) =>
                  sandboxWorld({
                    timers: timerRunner,
                    policies: policyRunner,
                    imports,
                    bell,
                    readModels,
                    events,
                  }),
              },
            ]
          : []),
        ...all.flatMap((noun) => [...handlersFor(noun.rows ?? []), ...(noun.providers ?? [])]),
      ],
    };
  }
}
