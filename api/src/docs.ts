// /docs for reading and trying the API, /docs/errors for its codes. Both come with the server and need no internet.
import { ERRORS } from '@closebell/shared/errors';
import { Router } from 'express';
import swaggerUi from 'swagger-ui-express';
import { page } from '@closebell/shared/html';

export function docs(): Router {
  const router = Router();
  const errors = errorPage();
  router.get('/errors', (_request, response) => void response.type('html').send(errors));
  // No validator: it would send the document to a server on the internet.
  const swaggerOptions = { url: '/api/v1/openapi.json', validatorUrl: null, persistAuthorization: true };
  router.use('/', swaggerUi.serve, swaggerUi.setup(undefined, { customSiteTitle: 'Closebell API', swaggerOptions }));
  return router;
}

function errorPage(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { status, retryable, message }]) =>
      `<tr id="${code}"><td><a href="#${code}">${code}</a></td><td>${status ?? 'warning'}</td><td>${retryable ? 'yes' : 'no'}</td><td>${message}</td></tr>`,
  );
  return page(
    'Closebell error codes',
    `<p>Every error of the API has the shape <code>{"error": {"code", "message", "details", "documentation_url", "request_id"}}</code>.
     The message of an answer may say more than the one listed here.</p>
     <table><thead><tr><th>Code</th><th>HTTP</th><th>Try again later</th><th>Meaning</th></tr></thead><tbody>${rows.join('\n')}</tbody></table>`,
  );
}
