import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { SetMetadata } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { ModulesContainer } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { type AnswerSchema, anything, dryRun, either } from './answer-schema.ts';
import { commonRefusals, outages } from './common-refusals.ts';
import { IdPipe } from './path-id.ts';
import { sessionCookie } from './session-cookie.ts';
import { type RouteShape, routeShape } from './shape.guard.ts';
import { isRequired, type JsonSchema, SchemaCollection } from './shape-schema.ts';

interface Operation {
  operationId: string;
  summary?: string;
  description?: string;
  parameters: Record<string, unknown>[];
  requestBody?: unknown;
  responses: Record<string, unknown>;
  security?: unknown;
}

/** Who may call a route. */
export type WhoMay = (method: string, path: string) => { readonly who: string; readonly isPublic: boolean };

interface OpenapiDocument {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, JsonSchema>; [part: string]: unknown };
}

const producesKey = 'orgledger:produces';

/** For the document: the route answers something else than JSON. */
export const Produces = (mediaType: string) => SetMetadata(producesKey, mediaType);

const toldKey = 'orgledger:told';

interface Telling {
  readonly summary: string;
  readonly refusals: readonly string[];
}

/** For the document: what the route does in one sentence, and the codes with which a rule may refuse it. */
export const Told = (summary: string, ...refusals: readonly string[]) =>
  SetMetadata(toldKey, { summary, refusals } satisfies Telling);

const answersKey = 'orgledger:answers';

/** For the document: what the route answers when it did what it is for; given nothing, it answers 204. */
export const Answers = (answer?: AnswerSchema) => SetMetadata(answersKey, { answer });

const outageKey = 'orgledger:outage';

/** For the document: the route answers 503 with this, and no problem. */
export const AnswersAlsoIn503 = (answer: AnswerSchema) => SetMetadata(outageKey, answer);

const safe = new Set(['get', 'head', 'options']);

/**
 * `GET /openapi.json` and `/docs`, made at the first request from the same decorators that check requests, so that
 * document and behaviour cannot differ. Call it before the application listens.
 */
export const serveOpenapi = (
  app: NestFastifyApplication,
  { version, whoMay }: { readonly version: string; readonly whoMay: WhoMay },
): void => {
  let document: Promise<string> | undefined;
  const fastify = app.getHttpAdapter().getInstance();
  fastify.get('/openapi.json', async (_request, reply) => {
    document ??= describeApi(app, version, whoMay).then((described) => JSON.stringify(described));
    void reply.type('application/json; charset=utf-8');
    return document;
  });
  fastify.get('/docs', (_request, reply) => page(reply, 'text/html; charset=utf-8').send(html));
  fastify.get('/docs/init.js', (_request, reply) => page(reply, 'text/javascript; charset=utf-8').send(init));
  for (const [file, type] of Object.entries(assets))
    fastify.get(`/docs/${file}`, (_request, reply) =>
      page(reply, type).send(createReadStream(join(assetFolder(), file))),
    );
};

const assets = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

/** The user interface is a dependency of @nestjs/swagger, so it is looked up from there. */
const assetFolder = (): string =>
  dirname(
    createRequire(createRequire(import.meta.url).resolve('@nestjs/swagger/package.json')).resolve(
      'swagger-ui-dist/package.json',
    ),
  );

const page = (reply: FastifyReply, type: string): FastifyReply =>
  reply
    .type(type)
    .header(
      'content-security-policy',
      "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    );

const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Orgledger API</title>
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="api"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/init.js"></script>
</body>
</html>
`;

const init =
  "SwaggerUIBundle({ url: '/openapi.json', dom_id: '#api', deepLinking: true, validatorUrl: null });\n";

const describeApi = async (
  app: NestFastifyApplication,
  version: string,
  whoMay: WhoMay,
): Promise<OpenapiDocument> => {
  const { DocumentBuilder, SwaggerModule } = await import('@nestjs/swagger');
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Orgledger')
    .setVersion(version)
    .setDescription('Administration of organizations, domains, people and accounts on an event log.')
    .addBearerAuth({ type: 'http', scheme: 'bearer' }, 'token')
    .addCookieAuth(sessionCookie, { type: 'apiKey', in: 'cookie' }, 'cookie')
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) => `${controller}.${method}`,
  }) as unknown as OpenapiDocument;
  document.components.schemas = { ...commonSchemas };
  const schemas = new SchemaCollection(document.components.schemas);
  const controllers = controllersOf(app);
  for (const [path, operations] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(operations)) {
      const [controller, handler] = operation.operationId.split('.') as [string, string];
      const { who, isPublic } = whoMay(method.toUpperCase(), path);
      describe(operation, { method, path, isPublic }, controllers.get(controller)!, handler, schemas);
      operation.description = `For ${who}.`;
      operation.security = isPublic ? [] : [{ token: [] }, { cookie: [] }];
    }
  return document;
};

type Controller = { readonly name: string; readonly prototype: Record<string, { readonly name: string }> };

const controllersOf = (app: NestFastifyApplication): ReadonlyMap<string, Controller> => {
  const found = new Map<string, Controller>();
  for (const module of app.get(ModulesContainer).values())
    for (const { metatype } of module.controllers.values()) {
      const controller = metatype as unknown as Controller;
      const same = found.get(controller.name);
      if (same && same !== controller) throw new Error(`two controllers are called ${controller.name}`);
      found.set(controller.name, controller);
    }
  return found;
};

interface Place {
  readonly method: string;
  readonly path: string;
  readonly isPublic: boolean;
}

const describe = (
  operation: Operation,
  place: Place,
  controller: Controller,
  handlerName: string,
  schemas: SchemaCollection,
): void => {
  const { method } = place;
  const handler = controller.prototype[handlerName]!;
  const route = routeShape(controller, handler);
  operation.operationId = `${controller.name.replace(/Controller$/, '')}.${handlerName}`;
  const told: Telling | undefined = Reflect.getMetadata(toldKey, handler);
  if (told) operation.summary = told.summary;
  operation.parameters = [
    ...pathParameters(operation, controller, handlerName),
    ...queryParameters(route, method, schemas),
    ...(safe.has(method) ? [] : commandHeaders),
  ].filter(
    (parameter) =>
      !(route.withoutDryRun !== undefined && 'name' in parameter && asksForDryRun.has(parameter.name)),
  );
  delete operation.requestBody;
  const body = bodyOf(route, schemas);
  if (body && !safe.has(method)) operation.requestBody = body;
  const refusals = told?.refusals ?? [];
  operation.responses = {
    ...successOf(route, method, handler, schemas),
    '4XX': problemAnswer(refusals.length > 0 ? `Refused, also with: ${refusals.join(', ')}.` : 'Refused.', [
      ...commonRefusals(place, route),
      ...refusals,
    ]),
    ...outageOf(handler, schemas),
    '5XX': problemAnswer('Not answered just now.', outages),
  };
};

const outageOf = (handler: object, schemas: SchemaCollection) => {
  const answer: AnswerSchema | undefined = Reflect.getMetadata(outageKey, handler);
  return (
    answer && {
      '503': {
        description: 'Not ready just now, or not answered.',
        content: {
          'application/json': { schema: schemas.answer(answer) },
          ...problemAnswer('', outages).content,
        },
      },
    }
  );
};

const pathParameters = (operation: Operation, controller: Controller, handlerName: string) => {
  const taken = Object.values(
    (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, handlerName) ?? {}) as Record<
      string,
      { data?: unknown; pipes?: unknown[] }
    >,
  );
  return operation.parameters
    .filter((parameter) => parameter.in === 'path')
    .map((parameter) => {
      const pipe = taken
        .filter(({ data }) => data === parameter.name)
        .flatMap(({ pipes = [] }) => pipes)
        .find((found) => found instanceof IdPipe);
      return {
        ...parameter,
        schema: { type: 'string', ...(pipe && { pattern: pipe.pattern.source }) },
      };
    });
};

const queryParameters = ({ query, queryNames }: RouteShape, method: string, schemas: SchemaCollection) => {
  const declared = [...(query?.fields.values() ?? [])].map((field) => ({
    name: field.name,
    in: 'query',
    required: isRequired(field),
    schema: schemas.field(field),
  }));
  const single = [...queryNames].map((name) => ({
    name,
    in: 'query',
    required: false,
    schema: { type: 'string' },
  }));
  const common = (safe.has(method) ? readParameters : [dryRunParameter]).filter(
    ({ name }) => !declared.some((parameter) => parameter.name === name),
  );
  return [...declared, ...single, ...common];
};

const readParameters = [
  { name: 'asOf', in: 'query', required: false, schema: { type: 'string' } },
  { name: 'minPosition', in: 'query', required: false, schema: { type: 'string', pattern: '^\\d{1,16}$' } },
];
const asksForDryRun = new Set(['dryRun', 'Prefer']);
const dryRunParameter = { name: 'dryRun', in: 'query', required: false, schema: { type: 'boolean' } };

const commandHeaders = [
  { name: 'Idempotency-Key', schema: { type: 'string', minLength: 1, maxLength: 255 } },
  { name: 'If-Match', schema: { type: 'string', pattern: '^(\\*|"\\d{1,15}")$' } },
  { name: 'Prefer', schema: { type: 'string', examples: ['dry-run'] } },
].map((header) => ({ ...header, in: 'header', required: false }));

const bodyOf = ({ body, consumes }: RouteShape, schemas: SchemaCollection): unknown => {
  if (consumes !== undefined)
    return { required: true, content: { [consumes]: { schema: { type: 'string' } } } };
  return (
    body && {
      required: [...body.fields.values()].some(isRequired),
      content: { 'application/json': { schema: schemas.refer(body) } },
    }
  );
};

const problemAnswer = (description: string, codes: readonly string[]) => ({
  description,
  content: {
    'application/problem+json': {
      schema: {
        allOf: [{ $ref: '#/components/schemas/Problem' }],
        properties: { code: { enum: [...new Set(codes)].sort() } },
      },
    },
  },
});

/** A command also answers a dry run, unless it refuses one. */
const successOf = (
  { withoutDryRun }: RouteShape,
  method: string,
  handler: object,
  schemas: SchemaCollection,
) => {
  const mediaType: string | undefined = Reflect.getMetadata(producesKey, handler);
  if (mediaType) return { '2XX': { description: 'Found.', content: { [mediaType]: { schema: text } } } };
  const said: { readonly answer?: AnswerSchema } = Reflect.getMetadata(answersKey, handler) ?? {
    answer: anything,
  };
  const { answer } = said;
  const foresees = !safe.has(method) && withoutDryRun === undefined;
  const of = (schema: AnswerSchema) => ({
    content: { 'application/json': { schema: schemas.answer(schema) } },
  });
  if (!answer)
    return {
      '204': { description: 'Done.' },
      ...(foresees && { '200': { description: 'What would be done.', ...of(dryRun) } }),
    };
  if (!foresees) return { '2XX': { description: safe.has(method) ? 'Found.' : 'Done.', ...of(answer) } };
  return { '2XX': { description: 'Done, or what would be done.', ...of(either(answer, dryRun)) } };
};

const text = { type: 'string' };
const commonSchemas: Readonly<Record<string, JsonSchema>> = {
  Problem: {
    type: 'object',
    description: 'RFC 9457; a code may bring members of its own.',
    properties: {
      type: text,
      title: text,
      status: { type: 'integer' },
      detail: text,
      code: { type: 'string', pattern: '^[a-z0-9_]+$' },
      instance: text,
      requestId: text,
      errors: {
        type: 'array',
        items: {
          type: 'object',
          properties: { field: text, code: text, message: text },
          required: ['field', 'code', 'message'],
        },
      },
    },
    required: ['type', 'title', 'status', 'detail', 'code', 'instance', 'requestId'],
  },
};
