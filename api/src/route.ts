// One endpoint on a router: who may call, how often, what is asked; then the handler, and its reply. A handler returns a value or throws.
import type { Endpoint, EndpointAuth } from '@closebell/shared/contracts/endpoint';
import { AppError } from '@closebell/shared/errors';
import type { Request, Response, Router } from 'express';
import type { z } from 'zod';
import { requireCsrf } from './auth/csrf.js';
import { authenticate, type Principal } from './auth/principal.js';
import type { ApiContext } from './context.js';
import { limitRequest } from './middleware/rate-limit.js';
import { requestIdOf } from './middleware/request-id.js';
import { parseRequest } from './request-parts.js';

export type RouteRequest<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodObject, A extends EndpointAuth> = Readonly<{
  params: z.output<P>;
  query: z.output<Q>;
  /** Of a multipart endpoint: empty, the handler reads the form. */
  body: z.output<B>;
  principal: A extends 'public' ? null : Principal;
  requestId: string;
  /** The market clock, read once per request. */
  now: Date;
  raw: Request;
}>;

export type Reply = Readonly<{
  status: number;
  /** Text and bytes go out as they are, with the Content-Type of `headers`; anything else as JSON; undefined sends none. */
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
}>;

/** Mounts `definition`. A handler that has sent the response itself, as a stream does, replies with undefined. */
export function route<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodObject, A extends EndpointAuth>(
  router: Router,
  context: ApiContext,
  definition: Endpoint<P, Q, B, A>,
  handler: (request: RouteRequest<P, Q, B, A>, response: Response) => Promise<Reply | undefined>,
): void {
  router[definition.method](definition.path, async (raw, response) => {
    const principal = await admit(context, definition, raw, response);
    const parts = parseRequest(definition, raw);
    const who = { principal: principal as A extends 'public' ? null : Principal };
    const reply = await handler({ ...parts, ...who, requestId: requestIdOf(response), now: context.clock(), raw }, response);
    if (reply !== undefined) send(response, reply);
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

function send(response: Response, { status, body, headers = {} }: Reply): void {
  response.status(status).set(headers);
  if (body === undefined) response.end();
  else if (typeof body === 'string' || body instanceof Uint8Array) response.send(body);
  else response.json(body);
}
