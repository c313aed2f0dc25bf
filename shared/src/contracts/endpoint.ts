// One definition per endpoint: its schemas check the request, type the handler and make the OpenAPI document.
import type { z } from 'zod';
import type { ErrorCode } from '../errors.js';

export type EndpointResponse = Readonly<{ description: string; schema?: z.ZodType; contentType?: string }>;

export type Endpoint<
  P extends z.ZodObject = z.ZodObject,
  Q extends z.ZodObject = z.ZodObject,
  B extends z.ZodObject = z.ZodObject,
> = Readonly<{
  method: 'get' | 'post' | 'put' | 'delete';
  /** Below /api/v1, parameters as ':id'. */
  path: string;
  summary: string;
  tag: string;
  auth: 'public' | 'user' | 'superuser';
  params?: P;
  query?: Q;
  /** JSON, or the text fields beside the file where `multipart` is given. */
  body?: B;
  multipart?: Readonly<{ fileField: string }>;
  responses: Readonly<Record<number, EndpointResponse>>;
  errors: readonly ErrorCode[];
}>;

type NoFields = z.ZodObject<Record<never, never>>;

/** Keeps the schemas' own types, so that the handler's request is typed by them. */
export function endpoint<P extends z.ZodObject = NoFields, Q extends z.ZodObject = NoFields, B extends z.ZodObject = NoFields>(
  definition: Endpoint<P, Q, B>,
): Endpoint<P, Q, B> {
  return definition;
}
