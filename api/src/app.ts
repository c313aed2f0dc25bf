// The whole server, in the order in which a request meets it.
import type { Config } from '@closebell/shared/config';
import { IDEMPOTENCY_REPLAYED } from '@closebell/shared/contracts/endpoint';
import type { Logger } from '@closebell/shared/infra/logger';
import compression from 'compression';
import cookieParser from 'cookie-parser';
import cors from 'cors';
import express, { Router, type Express, type Request, type RequestHandler, type Response } from 'express';
import helmet from 'helmet';
import { constants } from 'node:zlib';
import { pinoHttp } from 'pino-http';
import { board } from './board.js';
import type { ApiContext } from './context.js';
import { docs } from './docs.js';
import { metricsRoutes } from './metrics.js';
import { conditionalRequest } from './middleware/conditional-request.js';
import { errorHandler, notFound } from './middleware/error-handler.js';
import { refuseDeepJson } from './middleware/json-depth.js';
import { requestId, requestIdOf } from './middleware/request-id.js';
import { requestMetrics } from './middleware/request-metrics.js';
import { mountApi } from './routes.js';
import { dataQualityPageRoutes } from './routes/admin-data-quality.js';
import { healthRoutes } from './routes/health.js';

export function createApp(context: ApiContext): Express {
  const { config, logger, metrics } = context;
  const app = express();
  app.set('trust proxy', config.trustProxy);
  app.use(requestId);
  app.use(requestLog(logger));
  app.use(requestMetrics(metrics));
  app.use(helmet(securityHeaders(config)));
  app.use(cors({ origin: [...config.corsOrigins], credentials: true, exposedHeaders: EXPOSED_HEADERS, maxAge: 600 }));
  app.use(compression({ filter: isCompressible, ...QUICK_COMPRESSION }));
  app.use(cookieParser());
  app.use(express.json({ limit: '1mb', verify: refuseDeepJson }));
  app.use('/admin/queues', board(context));
  app.use('/docs', docs());
  app.use('/api/v1', apiRouter(context));
  app.use(rootRouter(context));
  app.use(notFound);
  app.use(errorHandler(logger));
  return app;
}

/** What is below /api/v1. */
export function apiRouter(context: ApiContext): Router {
  const router = Router();
  // Figures change and belong to one user: caches ask again, and the ETag makes that cheap.
  router.use(conditionalRequest, (_request, response, next) => {
    response.set('Cache-Control', 'private, no-cache');
    next();
  });
  mountApi(router, context);
  return router;
}

function rootRouter(context: ApiContext): Router {
  const router = Router();
  healthRoutes(router, context);
  metricsRoutes(router, context);
  dataQualityPageRoutes(router, context);
  return router;
}

/** Half the processor time of the usual levels, for bodies that are a sixth larger. */
const QUICK_COMPRESSION = { level: 1, brotli: { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } } };

const EXPOSED_HEADERS = [
  'X-Request-Id',
  'Location',
  'Retry-After',
  IDEMPOTENCY_REPLAYED,
  'ETag',
  'Content-Disposition',
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
];

function securityHeaders({ environment }: Config): Parameters<typeof helmet>[0] {
  return {
    // Browsers would turn the pages' own links into https, which a machine in the local network may not speak.
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
    strictTransportSecurity: environment === 'production',
  };
}

function requestLog(logger: Logger): RequestHandler {
  return pinoHttp<Request, Response>({
    logger,
    genReqId: (_request: Request, response: Response) => requestIdOf(response),
    autoLogging: { ignore: ({ url }) => /^((\/api\/v1)?\/health|\/metrics)/.test(url ?? '') },
    customProps: (_request: Request, response: Response) => ({ requestId: requestIdOf(response) }),
    customLogLevel: levelOf,
    // Names and outcomes only: no headers, no body, no query string.
    serializers: {
      req: ({ method, url }: { method: string; url: string }) => ({ method, path: url.split('?')[0] }),
      res: ({ statusCode }: { statusCode: number }) => ({ status: statusCode }),
      // The error handler has logged the cause.
      err: () => undefined,
    },
  });
}

/** A front end polls several times a second: what went well there would bury everything else. */
const POLL = /\/batch-status\/[^/]+$/;

function levelOf({ method, path }: Request, { statusCode }: Response): 'debug' | 'info' | 'error' {
  if (statusCode >= 500) return 'error';
  return method === 'GET' && statusCode < 400 && POLL.test(path) ? 'debug' : 'info';
}

/** Compressing a stream of events would hold each back until a block is full. */
function isCompressible(request: Request, response: Response): boolean {
  return !String(response.getHeader('Content-Type')).startsWith('text/event-stream') && compression.filter(request, response);
}
