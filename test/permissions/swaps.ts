import type { Json } from '../support/caller.ts';
import { idPrefixOf, type Operation, resolved, sampleOf } from '../support/openapi.ts';
import { type Asking, byPrefix, prefixes } from './requests.ts';
import type { Ids, Scene } from './scene.ts';

/** One id of an own request, exchanged for one of another organization. */
export interface Swap {
  readonly where: 'path' | 'query' | 'body' | 'If-Match';
  readonly slot: string;
  readonly asking: Asking;
}

/** What another organization's ids could stand for, by the name of the slot. */
const foreignFor = ({ theirIds, theirEvents }: Scene, name: string, schema?: Json): readonly string[] => {
  const prefix = idPrefixOf(schema) ?? prefixes[name];
  if (prefix) return theirIds[prefix] ?? [];
  if (name === 'eventId' || name === 'correlationId') return theirEvents;
  if (name === 'actorId') return theirIds.usr ?? [];
  if (name === 'resourceId') return Object.values(theirIds).flat();
  return [];
};

export const swapsOf = (scene: Scene, operation: Operation, own: Ids): Swap[] => [
  ...operation.pathParameters.flatMap((slot) =>
    foreignFor(scene, slot).map((id) => ({
      where: 'path' as const,
      slot,
      asking: { ids: { ...own, [slot]: id } },
    })),
  ),
  ...operation.query.flatMap(({ name: slot, schema }) =>
    [...foreignFor(scene, slot, schema), ...(slot === 'cursor' ? [scene.theirCursor] : [])].map((id) => ({
      where: 'query' as const,
      slot,
      asking: { ids: own, query: { [slot]: id } },
    })),
  ),
  ...bodySwaps(scene, operation, own),
  ...(operation.method === 'GET'
    ? []
    : ['"0"', '"1"', '"2"', '"3"'].map((revision) => ({
        where: 'If-Match' as const,
        slot: revision,
        asking: { ids: own, headers: { 'if-match': revision } },
      }))),
];

const bodySwaps = (scene: Scene, { body }: Operation, own: Ids): Swap[] => {
  if (!body) return [];
  const { document, theirIds } = scene;
  const whole = sampleOf(body, document, { optional: true, ids: byPrefix(own) });
  const swaps: Swap[] = [];
  const visit = (given: Json, path: readonly string[], put: (value: Json) => Json): void => {
    const schema = resolved(given, document);
    const swap = (value: Json) =>
      swaps.push({ where: 'body', slot: path.join('.'), asking: { ids: own, body: put(value) } });
    for (const [name, field] of Object.entries<Json>(schema.properties ?? {}))
      visit(field, [...path, name], (value) => put({ ...valueAt(whole, path), [name]: value }));
    if (schema.items) visit(schema.items, [...path, '0'], (value) => put([value]));
    for (const id of theirIds[idPrefixOf(schema) ?? ''] ?? []) swap(id);
    const keys = idPrefixOf(schema.propertyNames);
    if (keys)
      for (const key of [...(theirIds[keys] ?? []), own.accountId])
        for (const id of theirIds[idPrefixOf(schema.additionalProperties) ?? ''] ?? [])
          swap({ [key ?? '']: id });
  };
  visit(body, [], (value) => value);
  return swaps;
};

const valueAt = (value: Json, path: readonly string[]): Json =>
  path.reduce((inner, name) => inner?.[name], value);
