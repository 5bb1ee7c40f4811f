import { Injectable } from '@nestjs/common';
import { isoTime } from '#clock';
import type { Principal } from '#commands';
import { nothingHere } from '#http';
import { Sessions } from '#sign-in';

/** A person's open sessions, to look at and to end. */
@Injectable()
export class OwnSessions {
  readonly #sessions: Sessions;

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  async list({ userId, sessionId: current }: Principal) {
    const open = userId === null ? [] : await this.#sessions.list(userId);
    const items = open.map(({ sessionId, createdAt, lastSeenAt, expiresAt, ...rest }) => ({
      sessionId,
      current: sessionId === current,
      createdAt: isoTime(createdAt),
      lastSeenAt: isoTime(lastSeenAt),
      expiresAt: isoTime(expiresAt),
      sourceIp: rest.sourceIp,
      userAgent: rest.userAgent,
      secondFactor: rest.secondFactor,
    }));
    return { items, total: items.length };
  }

  /** @throws HttpProblem 404 for one that is not there, or somebody else's */
  async end(
    { userId }: Principal,
    sessionId: string,
    { dryRun }: { readonly dryRun: boolean },
  ): Promise<void> {
    const open = userId === null ? [] : await this.#sessions.list(userId);
    if (!open.some((session) => session.sessionId === sessionId)) throw nothingHere();
    if (!dryRun) await this.#sessions.revoke(sessionId);
  }
}
