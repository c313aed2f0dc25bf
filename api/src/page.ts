// Lists a page at a time. Pure.

export type Page<T, C> = Readonly<{ page: readonly T[]; nextCursor: C | null }>;

/** The page that was asked for, of rows read with a limit of one more, which tells that there is another page; `cursorOf`: where to go on from. */
export function cutPage<T, C>(rows: readonly T[], limit: number, cursorOf: (last: T) => C): Page<T, C> {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { page, nextCursor: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}
