// The OpenAPI document, from the same schemas that check the requests.
import { IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED, type Endpoint } from '@closebell/shared/contracts/endpoint';
import { ERRORS, type ErrorCode } from '@closebell/shared/errors';
import { z } from 'zod';

export type JsonObject = { [key: string]: unknown };

export function createOpenApiDocument(endpoints: readonly Endpoint[]): JsonObject {
  const paths: Record<string, JsonObject> = {};
  for (const endpoint of endpoints) {
    const path = endpoint.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [endpoint.method]: operation(endpoint) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Closebell',
      version: '1',
      description:
        'Portfolio risk on a job queue. Money and ratios are JSON numbers, fractions unless a name says percent. Every response has X-Request-Id; every error has the one shape, with a code of /docs/errors. GET /metrics, at the root and not below /api/v1, answers superusers and scrapers in the text format of Prometheus.',
    },
    servers: [{ url: '/api/v1' }],
    tags: [...new Set(endpoints.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: { Error: ERROR_SCHEMA },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        cookie: { type: 'apiKey', in: 'cookie', name: 'auth_token', description: 'Writes need the header X-CSRF-Token as well' },
      },
    },
  };
}

function operation(endpoint: Endpoint): JsonObject {
  const { method, path, summary, tag, auth, params, query, body, multipart, idempotent } = endpoint;
  const headers = idempotent ? [KEY_PARAMETER] : [];
  const parameters = [...parametersOf(params, 'path'), ...parametersOf(query, 'query'), ...headers];
  return {
    operationId: operationId(method, path),
    summary,
    tags: [tag],
    security: auth === 'public' ? [] : [{ bearer: [] }, { cookie: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined && multipart === undefined ? {} : { requestBody: requestBody(body, multipart?.fileField) }),
    responses: { ...replies(endpoint), ...refusals(endpoint) },
  };
}

/** Made of the address, so that it stays as long as the address does: "get /imports/:id/errors" is getImportsByIdErrors. */
function operationId(method: string, path: string): string {
  const words = path
    .replaceAll(/:(\w+)/g, 'by-$1')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '');
  return method + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('');
}

function parametersOf(schema: z.ZodObject | undefined, location: 'path' | 'query'): readonly JsonObject[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = jsonSchema(schema, 'input') as {
    properties?: Record<string, JsonObject>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: location,
    required: location === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

function requestBody(body: z.ZodObject | undefined, fileField: string | undefined): JsonObject {
  const schema = body === undefined ? { type: 'object', properties: {} } : jsonSchema(body, 'input');
  if (fileField === undefined) return { required: true, content: { 'application/json': { schema } } };
  const { properties = {}, required = [] } = schema as { properties?: JsonObject; required?: readonly string[] };
  const file = { type: 'string', format: 'binary' };
  const form = { ...schema, properties: { ...properties, [fileField]: file }, required: [...required, fileField] };
  return { required: true, content: { 'multipart/form-data': { schema: form } } };
}

const KEY_PARAMETER = {
  name: IDEMPOTENCY_KEY,
  in: 'header',
  required: false,
  description:
    'Chosen by the client, one for each thing it wants done; a UUID, for example. A repeat with the same request gets the first answer, and the work is done once; ' +
    'that holds for at least 24 hours. Refusals are answers too; 429 and 5xx are not: the repeat tries again',
  schema: { type: 'string', minLength: 1, maxLength: 200, pattern: '^[!-~]+$' },
};

const REPLAYED_HEADER = {
  [IDEMPOTENCY_REPLAYED]: { description: 'On the first answer given again', schema: { type: 'string', const: 'true' } },
};

function replies({ responses, idempotent }: Endpoint): JsonObject {
  return Object.fromEntries(
    Object.entries(responses).map(([status, { description, schema, contentType = 'application/json' }]) => {
      const headers = idempotent ? { headers: REPLAYED_HEADER } : {};
      if (schema === undefined && contentType === 'application/json') return [status, { description, ...headers }];
      const content = { [contentType]: { schema: schema === undefined ? { type: 'string' } : jsonSchema(schema, 'output') } };
      return [status, { description, ...headers, content }];
    }),
  );
}

const ALWAYS: readonly ErrorCode[] = ['ERR_REQ_004', 'ERR_SYS_001', 'ERR_SYS_002'];
const WITH_CREDENTIALS: readonly ErrorCode[] = ['ERR_AUTH_001', 'ERR_AUTH_002', 'ERR_AUTH_003'];

/** Every code the endpoint may answer with, those of the framework too, by HTTP status. A status that has a reply of its own keeps it. */
function refusals(endpoint: Endpoint): JsonObject {
  const { auth, method, limit, body, multipart, errors, responses, idempotent } = endpoint;
  const codes = new Set<ErrorCode>([
    ...errors,
    ...(auth === 'public' ? [] : WITH_CREDENTIALS),
    ...(auth !== 'public' && method !== 'get' ? (['ERR_AUTH_004'] as const) : []),
    ...(auth === 'superuser' ? (['ERR_ADMIN_001'] as const) : []),
    ...(limit === 'none' ? [] : (['ERR_RATE_001'] as const)),
    ...(body !== undefined && multipart === undefined ? (['ERR_REQ_002', 'ERR_REQ_003'] as const) : []),
    ...(body !== undefined || multipart !== undefined ? (['ERR_REQ_005'] as const) : []),
    ...(idempotent ? (['ERR_IDEM_001', 'ERR_IDEM_002', 'ERR_REQ_001'] as const) : []),
    ...ALWAYS,
  ]);
  const statuses = new Set([...codes].map((code) => ERRORS[code].status));
  const refused = [...statuses].filter((status) => status !== null && !(status in responses));
  return Object.fromEntries(
    refused.map((status) => {
      const lines = [...codes].filter((code) => ERRORS[code].status === status).map((code) => `${code}: ${ERRORS[code].message}`);
      return [String(status), { description: lines.join('\n\n'), content: { 'application/json': { schema: ERROR_REFERENCE } } }];
    }),
  );
}

const ERROR_REFERENCE = { $ref: '#/components/schemas/Error' };

const ERROR_SCHEMA = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'documentation_url', 'request_id'],
      properties: {
        code: { type: 'string', enum: Object.keys(ERRORS) },
        message: { type: 'string', description: 'What to change' },
        details: { description: 'What exactly is wrong, where there is more to say' },
        documentation_url: { type: 'string' },
        request_id: { type: 'string' },
      },
    },
  },
};

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonObject;
  return json;
}
