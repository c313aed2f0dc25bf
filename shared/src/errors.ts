// Every error code of Closebell on one page. A code is a promise to clients: never rename one, add a new one.

type ErrorEntry = Readonly<{ status: number | null; retryable: boolean; message: string }>;

/**
 * What each code means to a caller. `status`: the HTTP status it is answered with; null for a warning that never refuses anything.
 * `retryable`: the same request may succeed later without a change to it. `message`: the default text, saying what to change.
 */
export const ERRORS = {
  ERR_INVITE_001: refusal(401, 'The invite code is missing or not valid. Check it for typing mistakes, or ask for a new one.'),
  ERR_INVITE_002: refusal(404, 'There is no such invite code.'),
  ERR_INVITE_003: refusal(409, 'This invite code exists already. Choose another one, or leave it out to have one made.'),
  ERR_INVITE_004: refusal(
    409,
    'More accounts were made with this code than it would allow. Set uses_max to details.uses or more, or revoke the code.',
  ),

  ERR_USER_001: refusal(409, 'An account with this e-mail address exists. Log in instead, or register with another address.'),
  ERR_USER_002: refusal(422, 'The e-mail address is malformed. Write it like name@example.com.'),
  ERR_USER_003: refusal(
    422,
    'The password is too weak. Use at least 8 characters with an upper-case letter, a lower-case letter and a digit.',
  ),
  ERR_USER_004: refusal(422, 'The full name is empty. Write the name to show for this account.'),

  ERR_CSV_001: refusal(413, 'The file is larger than 10 MB. Split it, or remove columns and rows that are not positions.'),
  ERR_CSV_002: refusal(415, 'The file is not a .csv file. Save it as CSV (UTF-8) and upload that.'),
  ERR_CSV_003: refusal(400, 'The file has no position rows. Put at least one row below the header.'),
  ERR_CSV_004: refusal(400, 'A required column is missing. Add Symbol, Quantity, Entry Price Per Share and Entry Date.'),
  ERR_CSV_005: refusal(400, 'The header cannot be used. Start from the template and name each of its columns once.'),
  ERR_CSV_006: refusal(
    400,
    'The file is malformed or cannot be decoded. Save it as CSV (UTF-8) and check the quotes on the line named.',
  ),

  ERR_POS_001: refusal(400, 'Symbol is required. An option may leave it empty when Underlying Symbol is given.'),
  ERR_POS_002: refusal(400, 'Symbol is longer than 100 characters. Shorten it.'),
  ERR_POS_003: refusal(400, 'Symbol has characters that are not allowed. Use letters, digits and . _ - / only.'),
  ERR_POS_004: refusal(400, 'Quantity is required. Write the number of shares, units or contracts; negative for a short.'),
  ERR_POS_005: refusal(400, 'Quantity is not a usable number. Write it like 100 or -12.5, below 1 billion.'),
  ERR_POS_006: refusal(400, 'Quantity is zero. Write the number held, or remove the row.'),
  ERR_POS_007: refusal(400, 'Quantity has too many decimals. Round it to 6.'),
  ERR_POS_008: refusal(400, 'Entry Price Per Share is required. Write what one share, unit or option share cost.'),
  ERR_POS_009: refusal(400, 'Entry Price Per Share is not a usable number. Write it like 150.25, below 10 million.'),
  ERR_POS_010: refusal(400, 'Entry Price Per Share must be above zero. A short has a negative Quantity and a positive price.'),
  ERR_POS_011: refusal(400, 'Entry Price Per Share has too many decimals. Round it to 2, or to 4 for an option.'),
  ERR_POS_012: refusal(400, 'Entry Date is required. Write the day the position was opened, like 2024-01-15.'),
  ERR_POS_013: refusal(400, 'A date is malformed. Write it like 2024-01-15.'),
  ERR_POS_014: refusal(400, 'Entry Date is in the future. Write the day the position was opened.'),
  ERR_POS_015: refusal(400, 'Entry Date is more than 100 years ago. Check the year.'),
  ERR_POS_016: refusal(400, 'Investment Class is not allowed. Write PUBLIC, OPTIONS or PRIVATE, or leave it empty.'),
  ERR_POS_017: refusal(
    400,
    'Investment Subtype does not fit the Investment Class. Use one of the subtypes of that class, or leave it empty.',
  ),
  ERR_POS_018: refusal(
    400,
    'The exit is not usable. Give both Exit Date and Exit Price Per Share or neither, between Entry Date and today.',
  ),
  ERR_POS_019: refusal(400, 'Underlying Symbol is required for an option and must agree with its option symbol.'),
  ERR_POS_020: refusal(400, 'Strike Price is required for an option, above zero, and must agree with its option symbol.'),
  ERR_POS_021: refusal(
    400,
    'Expiration Date is required for an option, like 2024-01-19, not before Entry Date, and must agree with its option symbol.',
  ),
  ERR_POS_022: refusal(400, 'Option Type is required for an option: CALL or PUT, and must agree with its option symbol.'),
  ERR_POS_023: refusal(400, 'The row repeats another one. Merge the two, or upload with allow_multiple_lots=true.'),

  ERR_POSITION_001: refusal(
    409,
    'A trade has opened or closed this lot, and it changes with trades only. Enter a trade that corrects it.',
  ),
  ERR_POSITION_404: refusal(404, 'There is no such position.'),

  ERR_PORT_001: refusal(409, 'A portfolio with this account name exists. Choose another account name.'),
  ERR_PORT_002: refusal(422, 'The portfolio name is required.'),
  ERR_PORT_003: refusal(422, 'The portfolio name is longer than 255 characters. Shorten it.'),
  ERR_PORT_004: refusal(422, 'The equity balance is required. Write what the account is worth, cash included.'),
  ERR_PORT_005: refusal(422, 'The equity balance must be a number above zero.'),
  ERR_PORT_006: refusal(422, 'The equity balance must be below 1 billion.'),
  ERR_PORT_007: refusal(422, 'The CSV file is required. Send it as the form field csv_file.'),
  ERR_PORT_008: refusal(
    400,
    'The CSV file has errors. Correct the rows listed in details.errors and upload it again; nothing was imported.',
  ),
  ERR_PORT_009: refusal(422, 'The account type is not known. Use taxable, ira, roth_ira, 401k, 403b, 529, hsa, trust or other.'),
  ERR_PORT_010: refusal(422, 'The account name is longer than 100 characters. Shorten it.'),
  ERR_PORT_011: refusal(422, 'The account name is required.'),
  ERR_PORT_404: refusal(404, 'There is no such portfolio.'),

  ERR_BATCH_001: warning('Less than 80 % of the prices needed are there. The figures say what they cover.'),
  ERR_BATCH_003: refusal(404, 'There is no such run.'),

  ERR_JOB_001: failure('The worker was lost at every try of this job. Ask an admin to look into it before it is run again.'),
  ERR_JOB_002: failure('The job took longer than it may. Run it again; if it stays, report its id.', { retryable: true }),
  ERR_JOB_003: failure('The job cannot be run as it was asked for.'),
  ERR_JOB_004: refusal(
    409,
    'A job that does the same is queued or running. Wait for it or cancel it; details.live_job_id names it.',
  ),
  ERR_JOB_005: refusal(409, 'The job has not failed. Only failed, partial and cancelled jobs can be run again.'),

  ERR_EXPORT_001: refusal(409, 'The file was not made. details.error says why; ask for the export or report again.'),
  ERR_EXPORT_404: refusal(404, 'There is no file of this job. Files are kept for 7 days; ask for the export or report again.'),

  ERR_DATA_001: refusal(404, 'No such bar is held back.'),
  ERR_DATA_002: refusal(409, 'The bar cannot be accepted.'),

  ERR_ADMIN_001: refusal(403, 'This needs a superuser.'),
  ERR_ADMIN_002: refusal(404, 'There is no such user.'),
  ERR_ADMIN_003: refusal(400, 'You cannot impersonate yourself. Choose another user.'),
  ERR_ADMIN_004: refusal(401, 'This is not an impersonation token. Send the token that starting the impersonation returned.'),
  ERR_ADMIN_005: refusal(
    409,
    'You cannot deactivate yourself or give up your own rights, so that a superuser is always left. Ask another superuser.',
  ),
  ERR_ADMIN_006: refusal(403, 'Superusers and deactivated accounts cannot be impersonated. Choose another user.'),

  ERR_AUTH_001: refusal(401, 'Credentials are missing or not valid. Log in and send the access token.'),
  ERR_AUTH_002: refusal(401, 'The credentials have expired. Refresh the token or log in again.'),
  ERR_AUTH_003: refusal(401, 'The credentials were revoked. Log in again.'),
  ERR_AUTH_004: refusal(
    403,
    'A write with the login cookie needs the X-CSRF-Token header. Send the value of the csrf_token cookie in it.',
  ),

  ERR_OWNER_001: refusal(403, 'This belongs to another user. You can only change what is yours.'),

  ERR_TRADE_001: refusal(400, 'There is not enough cash for this trade. Buy less, or add a contribution first.'),
  ERR_TRADE_002: refusal(400, 'There are not enough shares for this trade. Sell at most what is held.'),
  ERR_TRADE_003: refusal(400, 'There is no price for this symbol. Give a price with the trade.'),

  ERR_EQUITY_001: refusal(422, 'The amount must be above zero. The change type says whether it comes in or goes out.'),
  ERR_EQUITY_002: refusal(422, 'The date is in the future. Use today or an earlier day.'),
  ERR_EQUITY_003: refusal(422, 'The withdrawal is larger than the equity. Withdraw at most the equity.'),
  ERR_EQUITY_006: refusal(409, 'Equity changes can be edited for 7 days. Enter a correcting change instead.'),
  ERR_EQUITY_007: refusal(409, 'Equity changes can be deleted for 30 days. Enter a correcting change instead.'),
  ERR_EQUITY_008: refusal(404, 'There is no such equity change.'),

  ERR_MARK_001: refusal(404, 'There is no mark of that day.'),
  ERR_MARK_002: refusal(422, 'Only private positions are marked by hand: the others stand at market prices, cash at par.'),

  ERR_ANALYTICS_001: refusal(
    400,
    'The min_overlap is larger than lookback_days. Ask for at most as many sessions in common as are looked at.',
  ),

  ERR_WATCH_001: refusal(409, 'The symbol is on the watchlist already.'),
  ERR_WATCH_002: refusal(404, 'The symbol is not on the watchlist.'),
  ERR_WATCH_003: refusal(409, 'The watchlist is full: it has 500 symbols. Remove one first.'),

  ERR_TAG_001: refusal(409, 'A tag with this name exists. Choose another name; upper and lower case are the same.'),
  ERR_TAG_002: refusal(404, 'There is no such tag.'),
  ERR_TAG_003: refusal(409, 'There are 100 tags already. Delete one first.'),

  ERR_TARGET_001: refusal(409, 'The portfolio has a target price of this symbol. Change that one.'),
  ERR_TARGET_002: refusal(404, 'There is no such target price.'),
  ERR_TARGET_003: refusal(409, 'A portfolio has at most 1,000 target prices. Delete some first.'),
  ERR_TARGET_004: refusal(400, 'The price is not usable. Write it like 150.25, below 10 million, with at most 6 decimals.'),
  ERR_TARGET_005: refusal(400, 'The target date is not usable. Write it like 2026-01-15, between 1900 and 2200.'),
  ERR_TARGET_006: refusal(400, 'The notes are too long. Shorten them to 500 characters.'),

  ERR_IDEM_001: refusal(422, 'This Idempotency-Key was used with another request. Use a new key for a new request.'),
  ERR_IDEM_002: passing(409, 'The first request with this Idempotency-Key is still being answered. Ask again in a moment.'),

  ERR_RATE_001: passing(429, 'Too many requests. Wait as long as the Retry-After header says.'),

  ERR_REQ_001: refusal(422, 'The request does not fit its schema. details.issues names each field and what it must be.'),

  ERR_REQ_002: refusal(400, 'The request cannot be read. Send valid JSON in UTF-8 with Content-Type application/json.'),
  ERR_REQ_003: refusal(413, 'The request body is larger than 1 MB. Send less at a time.'),
  ERR_REQ_004: refusal(431, 'The address and the headers together are longer than 16 KB. Send less in them.'),
  ERR_REQ_005: passing(408, 'The request did not arrive in time. Send it again over a faster connection, or in smaller parts.'),
  ERR_REQ_404: refusal(404, 'There is nothing at this address. See /docs for what there is.'),

  ERR_SYS_001: passing(500, 'Something unexpected went wrong. Try again; if it stays, report the request_id.'),
  ERR_SYS_002: passing(503, 'A service this needs is down. Try again in a moment.'),
} as const satisfies Readonly<Record<`ERR_${string}`, ErrorEntry>>;

export type ErrorCode = keyof typeof ERRORS;

export type AppErrorOptions = Readonly<{ message?: string; details?: unknown; cause?: unknown }>;

/** An error that is answered with its code. `details` is shown to the caller, `cause` only to the log. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly details: unknown;

  constructor(code: ErrorCode, { message = ERRORS[code].message, details, cause }: AppErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
  }

  get status(): number | null {
    return ERRORS[this.code].status;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}

function refusal<S extends number>(status: S, message: string) {
  return { status, retryable: false, message } as const;
}

function passing<S extends number>(status: S, message: string) {
  return { status, retryable: true, message } as const;
}

/** Of a job, shown in its status; never the answer to a request. */
function failure(message: string, { retryable = false }: Readonly<{ retryable?: boolean }> = {}) {
  return { status: null, retryable, message } as const;
}

function warning(message: string) {
  return { status: null, retryable: false, message } as const;
}
