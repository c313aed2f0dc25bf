// One endpoint on a router: who may call, how often, what is asked; then the handler, once per Idempotency-Key, and its reply.
// A handler returns a value or throws.
import type { KeyHold } from '@closebell/prisma/idempotency-keys';
import { inPlural, type Endpoint, type EndpointAuth } from '@closebell/shared/contracts/endpoint';
import { AppError } from '@closebell/shared/errors';
import type { Request, Response, Router } from 'express';
import type { z } from 'zod';
import { requireCsrf } from './auth/csrf.js';
import { recordImpersonated } from './auth/impersonation.js';
import { authenticate, type Principal } from './auth/principal.js';
import type { ApiContext } from './context.js';
import { answerOnce } from './idempotency.js';
import { limitRequest } from './middleware/rate-limit.js';
import { requestIdOf } from './middleware/request-id.js';
import { sendReply, type Reply } from './reply.js';
import { parseRequest } from './request-parts.js';
import { NO_UPLOAD, receiveUpload, type Upload } from './uploads.js';

export type { Reply } from './reply.js';

export type RouteRequest<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodObject, A extends EndpointAuth> = Readonly<{
  params: z.output<P>;
  query: z.output<Q>;
  /** Of a multipart endpoint: empty, the form is in `upload`. */
  body: z.output<B>;
  upload: Upload;
  principal: A extends 'public' ? null : Principal;
  requestId: string;
  /** Of a request with an Idempotency-Key: for the transaction that makes what is asked for, so that it is made once. */
  keyHold: KeyHold | null;
  /** The market clock, read once per request. */
  now: Date;
  raw: Request;
}>;

/** One that has sent the response itself, as a stream does, replies with undefined. */
type RouteHandler<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodObject, A extends EndpointAuth> = (
  request: RouteRequest<P, Q, B, A>,
  response: Response,
) => Promise<Reply | undefined>;

/** Mounts an endpoint of one portfolio at its path in the singular and in the plural: clients know both. */
export function routeBoth<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodObject, A extends EndpointAuth>(
  router: Router,
  context: ApiContext,
  definition: Endpoint<P, Q, B, A>,
  handler: RouteHandler<P, Q, B, A>,
): void {
  for (const either of [definition, inPlural(definition)]) route(router, context, either, handler);
}

/** Mounts `definition`. */
export function route<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodObject, A extends EndpointAuth>(
  router: Router,
  context: ApiContext,
  definition: Endpoint<P, Q, B, A>,
  handler: RouteHandler<P, Q, B, A>,
): void {
  router[definition.method](definition.path, async (raw, response) => {
    const principal = await admit(context, definition, raw, response);
    const parts = parseRequest(definition, raw);
    const upload = definition.multipart === undefined ? NO_UPLOAD : await receiveUpload(context, raw, response);
    const requestId = requestIdOf(response);
    await recordImpersonated(context.db, { principal, definition, params: parts.params, requestId });
    const who = { principal: principal as A extends 'public' ? null : Principal };
    const handle = (keyHold: KeyHold | null): Promise<Reply | undefined> =>
      handler({ ...parts, ...who, upload, keyHold, requestId, now: context.clock(), raw }, response);
    const isOnce = definition.idempotent === true && principal !== null;
    const reply = isOnce
      ? await answerOnce(context.db, { raw, response, userId: principal.userId, parts, upload }, handle)
      : await handle(null);
    if (reply !== undefined) sendReply(response, reply);
  });
}

async function admit(
  context: ApiContext,
  { auth, limit, method }: Endpoint,
  raw: Request,
  response: Response,
): Promise<Principal | null> {
  if (auth === 'public') {
    await limitRequest(context, { raw, response, principal: null, limit });
    return null;
  }
  const principal = await authenticate(context, raw).catch(async (cause: unknown) => {
    // Guesses at credentials count against the address they come from.
    await limitRequest(context, { raw, response, principal: null, limit });
    throw cause;
  });
  await limitRequest(context, { raw, response, principal, limit });
  if (principal.via === 'cookie' && method !== 'get') requireCsrf(raw);
  if (auth === 'superuser' && !principal.isSuperuser) throw new AppError('ERR_ADMIN_001');
  return principal;
}
