import { describe, expect, it } from '@jest/globals';
import { CommandBus } from '@nestjs/cqrs';
import { Together } from '#event-store';
import { type Call, CommandClasses, Commands, Effects } from './commands.ts';
import {
  awaited,
  correlation,
  Fingerprints,
  OrgledgerCommand,
  type Receipt,
  systemEnvelope,
  systemPrincipal,
} from './envelope.ts';

class Start extends OrgledgerCommand {}

const call: Call = {
  principal: systemPrincipal,
  dryRun: false,
  source: 'api',
  sourceIp: null,
  userAgent: null,
};

class Followed extends Effects {
  readonly waits: string[] = [];
  awaited(eventType: string): boolean {
    return eventType === 'Started';
  }
  async settle(position: number, correlationId: string) {
    this.waits.push(correlationId);
    return { position: position + 2, settled: true };
  }
}

const answering = (answer: Partial<Receipt>) => {
  const effects = new Followed();
  const receipt: Receipt = {
    [correlation]: 'cor_1',
    id: 't1',
    stream: 'thing-t1',
    revision: 0,
    position: '1',
    events: [{ id: 'e1', type: 'Started' }],
    ...answer,
  };
  const bus = { execute: async () => receipt } as unknown as CommandBus;
  const past = { fingerprintOf: async () => undefined };
  const fingerprints = new Fingerprints(Buffer.alloc(32));
  const commands = new Commands(bus, effects, new CommandClasses([Start]), fingerprints, past, () => {});
  return { commands, effects };
};

const sent = async (answer: Partial<Receipt>) => {
  const { commands, effects } = answering(answer);
  const { position } = (await commands.send(new Start(), {}, call)) as Receipt;
  return { position, waits: effects.waits };
};

describe('the answer to a command', () => {
  it('waits for what follows from its events and tells the position of that', async () => {
    for (const answer of [{}, { [awaited]: true }])
      expect(await sent(answer)).toEqual({ position: '3', waits: ['cor_1'] });
  });

  it('comes at once when nothing follows that anybody waits for', async () => {
    for (const answer of [{ [awaited]: false }, { events: [{ id: 'e1', type: 'Other' }] }, { events: [] }])
      expect(await sent(answer)).toEqual({ position: '1', waits: [] });
  });

  it('P1: comes when what the command has appended is on the disk, unless whoever issued it waits for that', async () => {
    const { commands } = answering({});
    const disk = Promise.withResolvers<void>();
    const together = new Together();
    together.add(disk.promise);
    const own = { ...systemEnvelope('c1', 'cor_1', null), together };
    const order: string[] = [];
    const start = { command: 'Start', fields: {} };
    const answered = commands.enclosed(start, own).then(() => order.push('answered'));
    await commands.enclosed(start, { ...own, ahead: true });
    order.push('gone on');
    disk.resolve();
    await answered;
    expect(order).toEqual(['gone on', 'answered']);
  });
});
