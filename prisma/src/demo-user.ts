// What the demo's user has beside the uploaded portfolios. Registration is the API's: it alone makes password hashes.
import { inTransaction, type Db } from './client.js';

export const DEMO_CASH_ACCOUNT = 'demo-cash';

const CASH_BALANCE = 10_000;
const WATCHLIST = ['AAPL', 'GOOGL', 'MSFT', 'AMZN', 'TSLA', 'NVDA', 'META', 'JPM', 'V', 'NFLX'] as const;

/**
 * Marks the user of this address as the demo's, and gives him a cash-only portfolio, worth 10,000 at the close of `sessionDate`, and a watchlist of ten symbols.
 * What is there already stays as it is, so running it again changes nothing. Throws when there is no such user.
 */
export async function seedDemoUser(
  db: Db,
  { email, sessionDate }: Readonly<{ email: string; sessionDate: string }>,
): Promise<void> {
  await inTransaction(db, async (client) => {
    const { rows } = await client.query<{ id: string }>('UPDATE users SET is_demo = true WHERE email = $1 RETURNING id', [email]);
    const userId = rows[0]?.id;
    if (userId === undefined) throw new Error(`there is no user ${email}`);
    await client.query(
      `INSERT INTO portfolios (user_id, name, account_name, account_type, equity_balance, equity_as_of, opened_on, description)
       VALUES ($1, 'Cash', $2, 'taxable', $3, $4, $4, 'A balance and no positions')
       ON CONFLICT (user_id, account_name) WHERE deleted_at IS NULL DO NOTHING`,
      [userId, DEMO_CASH_ACCOUNT, CASH_BALANCE, sessionDate],
    );
    await client.query(`INSERT INTO watchlist (user_id, symbol) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING`, [
      userId,
      WATCHLIST,
    ]);
  });
}
