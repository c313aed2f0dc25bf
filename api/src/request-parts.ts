// Path, query and body against their schemas: everything wrong with a request is reported at once.
import type { Endpoint } from '@closebell/shared/contracts/endpoint';
import { AppError } from '@closebell/shared/errors';
import type { Request } from 'express';
import type { z } from 'zod';

export type RequestParts<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodObject> = Readonly<{
  params: z.output<P>;
  query: z.output<Q>;
  body: z.output<B>;
}>;

type Issue = Readonly<{ path: string; message: string }>;

/** Throws ERR_REQ_001 with `details.issues`, each with the path of its field. */
export function parseRequest<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodObject>(
  definition: Endpoint<P, Q, B>,
  raw: Request,
): RequestParts<P, Q, B> {
  const issues: Issue[] = [];
  const part = <S extends z.ZodObject>(schema: S | undefined, given: unknown): z.output<S> => {
    if (schema === undefined) return {} as z.output<S>;
    const parsed = schema.safeParse(given ?? {});
    if (!parsed.success) issues.push(...parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })));
    issues.push(...nulCharacters(given, []));
    return parsed.data as z.output<S>;
  };
  const parts = {
    params: part(definition.params, raw.params),
    query: part(definition.query, raw.query),
    body: part(definition.multipart ? undefined : definition.body, raw.body),
  };
  if (issues.length > 0) throw new AppError('ERR_REQ_001', { details: { issues } });
  return parts;
}

/** Postgres stores every character but U+0000 in a text. */
function nulCharacters(value: unknown, path: readonly string[]): readonly Issue[] {
  if (typeof value === 'string') {
    return value.includes('\0') ? [{ path: path.join('.'), message: 'Must not contain the character U+0000' }] : [];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => nulCharacters(item, [...path, key]));
}
