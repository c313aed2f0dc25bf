// The queues as operations see them, behind a login of its own: superusers only. Reading is all it does, unless BOARD_READ_ONLY=false.
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { findUserById } from '@closebell/prisma/users';
import { AppError } from '@closebell/shared/errors';
import express, { Router, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import helmet from 'helmet';
import { logIn } from './auth/login.js';
import { signBoardToken, verifyBoardToken } from './auth/tokens.js';
import { cookieOf } from './auth/cookies.js';
import type { ApiContext } from './context.js';
import { DATA_QUALITY_PATH } from './data-quality-page.js';
import { page } from '@closebell/shared/html';

const PATH = '/admin/queues';
const COOKIE = 'board_session';
/** The other pages for superusers are below it as well. */
const COOKIE_PATH = '/admin';
const SESSION_SECONDS = 3_600;

export function board(context: ApiContext): Router {
  const router = Router();
  router.use(helmet.contentSecurityPolicy({ directives: CONTENT_POLICY }));
  router.get('/login', (_request, response) => void response.type('html').send(loginPage(null)));
  router.post('/login', express.urlencoded({ extended: false, limit: '10kb' }), (request, response) =>
    openSession(context, request, response),
  );
  router.use(requireBoardSession(context));
  router.use(refuseUnsafeWrites);
  router.use(boardApp(context));
  return router;
}

function boardApp({ transport, config, logger }: ApiContext): Router {
  const serverAdapter = new ExpressAdapter().setBasePath(PATH);
  // The board's retry would not take the job's dedupe key back, so a retried job could run beside a new one: retries go through the API.
  const options = { readOnlyMode: config.boardReadOnly, allowRetries: false };
  createBullBoard({
    queues: [...transport.queues.values()].map((queue) => new BullMQAdapter(queue, options)),
    serverAdapter,
    options: { uiConfig: { boardTitle: 'Closebell queues', miscLinks: [{ text: 'Market data', url: DATA_QUALITY_PATH }] } },
  });
  serverAdapter.setErrorHandler((cause) => {
    logger.error({ err: cause }, 'board request failed');
    return { status: 500, body: { error: 'ERRORS.INTERNAL_SERVER_ERROR' } };
  });
  return serverAdapter.getRouter() as Router;
}

/** The board styles itself inline and names a web font, which it does without. */
const CONTENT_POLICY = {
  defaultSrc: ["'self'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  fontSrc: ["'self'", 'data:'],
  imgSrc: ["'self'", 'data:'],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
  upgradeInsecureRequests: null,
};

async function openSession(context: ApiContext, request: Request, response: Response): Promise<void> {
  const { email, password } = (request.body ?? {}) as { email?: unknown; password?: unknown };
  try {
    if (typeof email !== 'string' || typeof password !== 'string') throw new AppError('ERR_AUTH_001');
    const user = await logIn(context, { email: email.trim(), password, raw: request, response });
    if (!user.isSuperuser) throw new AppError('ERR_ADMIN_001');
    const token = await signBoardToken(user.id, SESSION_SECONDS, context.config);
    // Strict: no other site's page can send it, so the board's writes need no token against that.
    const secure = context.config.environment === 'production';
    response.cookie(COOKIE, token, {
      httpOnly: true,
      sameSite: 'strict',
      path: COOKIE_PATH,
      secure,
      maxAge: SESSION_SECONDS * 1_000,
    });
    response.redirect(303, PATH);
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    response
      .status(cause.status ?? 401)
      .type('html')
      .send(loginPage(cause.message));
  }
}

/** Lets a superuser of the board's login pass; a browser is sent to its form. */
export function requireBoardSession(context: ApiContext): RequestHandler {
  return async (request, response, next) => {
    if (await hasSession(context, request)) next();
    else if (request.method === 'GET' && request.accepts(['html', 'json']) === 'html') response.redirect(303, `${PATH}/login`);
    else throw new AppError('ERR_AUTH_001');
  };
}

/** The user is looked up on every request: who is no superuser any more is out at once. */
async function hasSession({ db, config }: ApiContext, request: Request): Promise<boolean> {
  const token = cookieOf(request, COOKIE);
  if (token === null) return false;
  const userId = await verifyBoardToken(token, config).catch(() => null);
  const user = userId === null ? null : await findUserById(db, userId);
  return user !== null && user.isActive && user.isSuperuser;
}

/** What the queue may be told: to pause, to go on, and to drop entries, which the rescuer puts back while their row is live. */
const SAFE_WRITE =
  /^\/api\/queues\/(?:[^/]+\/)?(?:pause|resume)$|^\/api\/queues\/[^/]+\/(?:promote|empty|clean\/\w+)$|^\/api\/queues\/[^/]+\/[^/]+\/(?:promote|clean)$/;

/** The board hides what it may not do but would still do it: adding, changing and retrying entries passes the jobs table by. */
function refuseUnsafeWrites({ method, path }: Request, _response: Response, next: NextFunction): void {
  if (method === 'GET' || method === 'HEAD' || SAFE_WRITE.test(path)) next();
  else
    next(
      new AppError('ERR_REQ_404', { message: 'The board does not do this. Use POST /api/v1/admin/jobs/{id}/retry or …/cancel.' }),
    );
}

function loginPage(fault: string | null): string {
  return page(
    'Closebell queues',
    `${fault === null ? '' : `<p role="alert">${fault}</p>`}
     <form method="post" action="${PATH}/login">
       <label>E-mail <input type="email" name="email" autocomplete="username" required autofocus></label>
       <label>Password <input type="password" name="password" autocomplete="current-password" required></label>
       <button>Log in as superuser</button>
     </form>`,
  );
}
