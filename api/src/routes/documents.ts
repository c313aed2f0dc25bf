import { openApiDocument } from '@closebell/shared/contracts/documents';
import { ENDPOINTS } from '@closebell/shared/contracts/endpoints';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { createOpenApiDocument } from '../openapi.js';
import { route } from '../route.js';

export function documentRoutes(router: Router, context: ApiContext): void {
  const document = createOpenApiDocument(ENDPOINTS);
  route(router, context, openApiDocument, async () => ({
    status: 200,
    body: document,
    headers: { 'Cache-Control': 'public, max-age=300' },
  }));
}
