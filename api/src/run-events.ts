// One watch over every run that is being followed: one statement for all of them twice a second, sooner when a job ends, none when
// nobody follows. A follower holds no connection to the database.
import type { Db } from '@closebell/prisma/client';
import type { JobEnds } from '@closebell/prisma/job-ends';
import { findCalculations, type CalculationKey } from '@closebell/prisma/runs';
import { groupBy } from '@closebell/shared/grouping';
import { viewRunEvent, type RunEvent } from './run-event.js';

export type RunFollower = Readonly<{
  key: CalculationKey;
  userId: string;
  /** Called after every look with the run as it is, changed or not; null once the run is gone or the portfolio is not the user's. */
  onLook: (event: RunEvent | null) => Promise<void>;
  /** The process stops. */
  onStop: () => void;
}>;

export type RunEvents = Readonly<{
  /** Follows until the function returned is called; null when the user follows as many as one may, or the process stops. */
  follow: (follower: RunFollower) => (() => void) | null;
  close: () => void;
}>;

/** Of one user, in one process. */
const FOLLOWED_MAX = 20;
const LOOK_EVERY_MS = 500;
/** After a job has ended; the ends of a busy moment share a look. */
const LOOK_SOON_MS = 50;

export function createRunEvents(db: Pick<Db, 'pool'>, jobEnds: Pick<JobEnds, 'onEnd'>): RunEvents {
  const followers = new Set<RunFollower>();
  let timer: NodeJS.Timeout | undefined;
  let isLooking = false;
  let isWoken = false;
  let isClosed = false;

  const look = async (): Promise<void> => {
    [isLooking, isWoken] = [true, false];
    // The database may be away: the next look asks again.
    await tellAll(db, [...followers]).catch(() => undefined);
    isLooking = false;
    lookLater();
  };
  const lookLater = (): void => {
    clearTimeout(timer);
    if (followers.size > 0) timer = setTimeout(() => void look(), isWoken ? LOOK_SOON_MS : LOOK_EVERY_MS);
  };
  const forget = jobEnds.onEnd(() => {
    if (isWoken) return;
    isWoken = true;
    if (!isLooking) lookLater();
  });

  return {
    follow: (follower) => {
      if (isClosed) return null;
      if ([...followers].filter(({ userId }) => userId === follower.userId).length >= FOLLOWED_MAX) return null;
      followers.add(follower);
      if (followers.size === 1 && !isLooking) lookLater();
      return () => {
        followers.delete(follower);
        if (followers.size === 0) clearTimeout(timer);
      };
    },
    close: () => {
      isClosed = true;
      forget();
      for (const { onStop } of followers) onStop();
    },
  };
}

/** Resolves when all have been told, so that no follower hears of a later look before an earlier one. */
async function tellAll({ pool }: Pick<Db, 'pool'>, followers: readonly RunFollower[]): Promise<void> {
  const groups = [...groupBy(followers, ({ key }) => `${key.portfolioId} ${key.runId}`).values()];
  const keys = groups.map((group) => group[0]!.key);
  const calculations = await findCalculations(pool, keys);
  await Promise.allSettled(
    calculations.flatMap(({ ownerId, run }, place) => {
      const event = run === null ? null : viewRunEvent(run, keys[place]!.portfolioId);
      return groups[place]!.map(({ userId, onLook }) => onLook(userId === ownerId ? event : null));
    }),
  );
}
