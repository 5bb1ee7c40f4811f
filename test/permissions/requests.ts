import type { Caller, Json, Reply, Sending } from '../support/caller.ts';
import { type Operation, sampleOf } from '../support/openapi.ts';
import type { Ids, Principal, Scene } from './scene.ts';

/** Operations after which the session in which they are called is no more. */
const endsTheSession = new Set(['DELETE /v1/sessions/current']);

export interface Asking {
  readonly ids: Ids;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Json;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks for an operation so that nothing is changed by it: what changes something is only tried, where that is offered. */
export const ask = async (
  { document }: Pick<Scene, 'document'>,
  operation: Operation,
  principal: Principal,
  { ids, query = {}, body, headers = {} }: Asking,
): Promise<Reply> => {
  const call: Caller = endsTheSession.has(operation.row) ? await principal.inSpareSession() : principal.call;
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name) => ids[name] ?? `no-${name}-in-the-scene`);
  const asked = { ...requiredQuery(operation, document), ...query };
  const search = new URLSearchParams(asked).toString();
  const sending: Sending = { headers };
  const offersDryRun = operation.query.some(({ name }) => name === 'dryRun');
  const tried = { headers: { ...(offersDryRun && { prefer: 'dry-run' }), ...headers } };
  return call.send(
    operation.method,
    search ? `${path}?${search}` : path,
    operation.method === 'GET'
      ? sending
      : operation.consumes
        ? { raw: 'x', headers: { ...tried.headers, 'content-type': operation.consumes } }
        : {
            ...tried,
            body:
              body ??
              (operation.body && sampleOf(operation.body, document, { ids: byPrefix(principal.home.ids) })),
          },
  );
};

/** The name of a path parameter and the prefix of what it takes. */
export const prefixes: Readonly<Record<string, string>> = {
  organizationId: 'org',
  userId: 'usr',
  accountId: 'acc',
  domainId: 'dom',
  invitationId: 'inv',
  importId: 'imp',
  apiKeyId: 'key',
};

export const byPrefix = (ids: Ids): Record<string, string> =>
  Object.fromEntries(
    Object.entries(prefixes).flatMap(([name, prefix]) => (ids[name] ? [[prefix, ids[name]]] : [])),
  );

const requiredQuery = ({ query }: Operation, document: Json): Record<string, string> =>
  Object.fromEntries(
    query
      .filter(({ required }) => required)
      .map(({ name, schema }) => [name, String(sampleOf(schema, document, { name }))]),
  );
