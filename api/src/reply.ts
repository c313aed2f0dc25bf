// What a handler answers with, and how it goes out.
import type { Response } from 'express';

export type Reply = Readonly<{
  status: number;
  /** Text and bytes go out as they are, with the Content-Type of `headers`; anything else as JSON; undefined sends none. */
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
}>;

export function sendReply(response: Response, { status, body, headers = {} }: Reply): void {
  response.status(status).set(headers);
  if (body === undefined) response.end();
  else if (typeof body === 'string' || body instanceof Uint8Array) response.send(body);
  else response.json(body);
}
