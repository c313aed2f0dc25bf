// One definition per endpoint: its schemas check the request, type the handler and make the OpenAPI document.
import type { z } from 'zod';
import type { ErrorCode } from '../errors.js';

export type EndpointResponse = Readonly<{ description: string; schema?: z.ZodType; contentType?: string }>;

/** Who may call: anybody, anybody with an account, or superusers. */
export type EndpointAuth = 'public' | 'user' | 'superuser';

/** The budget of a call: 'poll' has one of its own, 'upload' and 'registration' count beside the general one, 'none' counts nothing. */
export type EndpointLimit = 'none' | 'poll' | 'upload' | 'registration';

export type Endpoint<
  P extends z.ZodObject = z.ZodObject,
  Q extends z.ZodObject = z.ZodObject,
  B extends z.ZodObject = z.ZodObject,
  A extends EndpointAuth = EndpointAuth,
> = Readonly<{
  method: 'get' | 'post' | 'put' | 'delete';
  /** Below /api/v1, parameters as ':id'. */
  path: string;
  summary: string;
  tag: string;
  auth: A;
  /** Without it the general budget. */
  limit?: EndpointLimit;
  params?: P;
  query?: Q;
  /** JSON, or the text fields beside the file where `multipart` is given. */
  body?: B;
  multipart?: Readonly<{ fileField: string }>;
  /** Heeds Idempotency-Key: for a POST that creates work. Not of a public endpoint, as a key belongs to a user. Replies must be JSON. */
  idempotent?: true;
  responses: Readonly<Record<number, EndpointResponse>>;
  errors: readonly ErrorCode[];
}>;

/** The request header, and the one that marks the repeat of an answer. */
export const IDEMPOTENCY_KEY = 'Idempotency-Key';
export const IDEMPOTENCY_REPLAYED = 'Idempotency-Replayed';

type NoFields = z.ZodObject<Record<never, never>>;

/** Keeps the schemas' own types, so that the handler's request is typed by them. */
export function endpoint<
  A extends EndpointAuth,
  P extends z.ZodObject = NoFields,
  Q extends z.ZodObject = NoFields,
  B extends z.ZodObject = NoFields,
>(definition: Endpoint<P, Q, B, A>): Endpoint<P, Q, B, A> {
  return definition;
}

/** The same endpoint where clients look for it in the plural. */
export function inPlural<E extends Endpoint>(definition: E): E {
  return { ...definition, path: definition.path.replace('/portfolio/', '/portfolios/') };
}
