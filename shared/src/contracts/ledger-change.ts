// What the answer to every change of a ledger says of the figures that follow from it.
import { z } from 'zod';
import { date, id } from './fields.js';

export const MOVES = [
  'sessions from figures_from on',
  'earlier sessions only',
  'sessions before and after the stated balance',
  'every session',
] as const;

/** Fields of the answer, beside those of what was changed. */
export const followingFigures = {
  figures_from: date.describe('the first session whose figures are computed again'),
  moves: z
    .enum(MOVES)
    .describe(
      'what is dated at or before equity_as_of is inside the balance you stated: it moves earlier sessions, and later ones only by what a lot ' +
        'that is still held earns in them; never that balance',
    ),
  message: z.string(),
  batch_run_id: id.describe('the calculation that follows; changes made while it waits share one'),
  poll_url: z.string(),
};

const answer = z.object(followingFigures);
export type FollowingFigures = z.output<typeof answer>;
