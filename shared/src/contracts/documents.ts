// The API's description of itself.
import { z } from 'zod';
import { endpoint } from './endpoint.js';

export const openApiDocument = endpoint({
  method: 'get',
  path: '/openapi.json',
  summary: 'This API as an OpenAPI 3.1 document; /docs shows it',
  tag: 'System',
  auth: 'public',
  responses: { 200: { description: 'The document', schema: z.record(z.string(), z.unknown()) } },
  errors: [],
});
