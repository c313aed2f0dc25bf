// A run followed as server-sent events: every state it shows, and its end.
import type { CalculationKey, Run } from '@closebell/prisma/runs';
import { AppError } from '@closebell/shared/errors';
import type { Request, Response } from 'express';
import { requireStillLoggedIn, type Principal } from './auth/principal.js';
import type { ApiContext } from './context.js';
import { EVENT_STREAM_HEADERS, openEventStream } from './event-stream.js';
import type { Reply } from './route.js';
import { viewRunEvent, type RunEvent } from './run-event.js';

export type FollowedRun = Readonly<{ key: CalculationKey; run: Run; principal: Principal; raw: Request; response: Response }>;

/** A client that has seen the end is told by 204 not to come back. Throws ERR_RATE_001 when the user follows too many runs. */
export function streamRun(context: ApiContext, { key, run, principal, raw, response }: FollowedRun): Reply | undefined {
  const first = viewRunEvent(run, key.portfolioId);
  let seen = raw.get('last-event-id');
  if (first.isEnded && first.version === seen) return { status: 204 };
  if (raw.method === 'HEAD') return { status: 200, headers: EVENT_STREAM_HEADERS };

  const show = (event: RunEvent): void => {
    const { version, status, isEnded, body } = event;
    if (version !== seen && stream.send({ event: 'status', id: version, data: body })) seen = version;
    if (isEnded && version === seen && stream.send({ event: 'end', data: { status } })) stream.end();
  };
  const onLook = async (event: RunEvent | null): Promise<void> => {
    if (event === null || !(await isStillLoggedIn(context, principal))) stream.end();
    else show(event);
  };
  const leave = context.runEvents.follow({ key, userId: principal.userId, onLook, onStop: () => stream.end() });
  if (leave === null) {
    response.set('Retry-After', '5');
    throw new AppError('ERR_RATE_001', { message: 'You follow too many runs at once. Close a stream before you open another.' });
  }
  const stream = openEventStream(response, leave);
  show(first);
  return undefined;
}

/** A database that is away proves nothing: the next look asks again. */
async function isStillLoggedIn(context: ApiContext, principal: Principal): Promise<boolean> {
  try {
    await requireStillLoggedIn(context, principal);
    return true;
  } catch (cause) {
    return !(cause instanceof AppError);
  }
}
