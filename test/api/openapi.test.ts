import { apiRouter } from '@closebell/api/app';
import { createOpenApiDocument } from '@closebell/api/openapi';
import { ENDPOINTS } from '@closebell/shared/contracts/endpoints';
import { ERRORS } from '@closebell/shared/errors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

type Operation = {
  operationId: string;
  security: unknown[];
  parameters?: { name: string; in: string; required: boolean }[];
  requestBody?: { content: Record<string, { schema: Record<string, unknown> }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
};
type Document = { openapi: string; paths: Record<string, Record<string, Operation>> };

const document = createOpenApiDocument(ENDPOINTS) as Document;
const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));

describe('the OpenAPI document', () => {
  it('has every mounted route, and every route it has is mounted', () => {
    const mounted = apiRouter(app.context).stack.flatMap(({ route }) =>
      route ? route.stack.map(({ method }) => `${method} ${route.path.replaceAll(/:(\w+)/g, '{$1}')}`) : [],
    );
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(documented.toSorted()).toEqual(mounted.toSorted());
  });

  it('lists no endpoint twice', () => {
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(ENDPOINTS.length);
  });

  it('describes every path parameter, and no other', () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const { parameters = [], operationId } of Object.values(methods)) {
        const described = parameters.filter(({ in: location }) => location === 'path');
        expect(new Set(described.map(({ name }) => name)), operationId).toEqual(new Set(inPath));
        expect(described).toHaveLength(inPath.length);
        expect(described.every(({ required }) => required)).toBe(true);
      }
    }
  });

  it('gives every JSON reply a schema, and says which credentials are needed', () => {
    for (const { auth, responses, path, method } of ENDPOINTS) {
      for (const [status, { schema, contentType }] of Object.entries(responses)) {
        expect(status === '204' || schema !== undefined || contentType !== undefined, path).toBe(true);
      }
      const { security } = document.paths[path.replaceAll(/:(\w+)/g, '{$1}')]![method]!;
      expect(security.length > 0, path).toBe(auth !== 'public');
    }
  });

  it('names for every operation the errors of its credentials, its limits and the server', () => {
    const { responses } = document.paths['/portfolio/{id}/calculate']!['post']!;
    expect(responses['401']!.description).toMatch(/ERR_AUTH_001.*ERR_AUTH_002.*ERR_AUTH_003/s);
    expect(responses['403']!.description).toMatch(/ERR_OWNER_001/);
    expect(responses['403']!.description).toMatch(/ERR_AUTH_004/);
    expect(responses['429']!.description).toMatch(/ERR_RATE_001/);
    expect(responses['500']!.description).toMatch(/ERR_SYS_001/);
  });

  it('describes an upload as a form with a file', () => {
    const { requestBody } = document.paths['/onboarding/create-portfolio']!['post']!;
    expect(requestBody!.content['multipart/form-data']!.schema).toMatchObject({
      properties: { csv_file: { type: 'string', format: 'binary' }, portfolio_name: { type: 'string' } },
      required: expect.arrayContaining(['csv_file', 'portfolio_name']) as unknown,
    });
  });

  it('is served as it is made', async () => {
    const served = (await (await fetch(`${app.url}/api/v1/openapi.json`)).json()) as Document;
    expect(served.openapi).toBe('3.1.0');
    expect(served).toEqual(JSON.parse(JSON.stringify(document)));
  });
});

describe('/docs', () => {
  it('shows the document with scripts and styles of the server’s own', async () => {
    const response = await fetch(`${app.url}/docs`);
    const html = await response.text();
    expect(response.headers.get('content-type')).toMatch(/html/);
    const sources = [...html.matchAll(/(?:src|href)=["']([^"']+)["']/g)].map(([, source]) => source!);
    expect(sources.length).toBeGreaterThan(3);
    for (const source of sources) {
      expect(source).toMatch(/^\.\//);
      expect((await fetch(new URL(source, `${app.url}/docs/`))).status, source).toBe(200);
    }
    const script = await (await fetch(`${app.url}/docs/swagger-ui-init.js`)).text();
    expect(script).toContain('/api/v1/openapi.json');
  });

  it('/errors lists every code where documentation_url points', async () => {
    const html = await (await fetch(`${app.url}/docs/errors`)).text();
    for (const code of Object.keys(ERRORS)) expect(html).toContain(`id="${code}"`);
  });
});
