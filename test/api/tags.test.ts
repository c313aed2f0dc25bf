// Tags over HTTP: a user's own, on the user's own positions.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { insertLot, insertPortfolio } from './records.js';

let api: DomainApi;
let owner: Caller;
let other: Caller;
let portfolioId: string;
let positionId: string;
let foreignPosition: string;

beforeAll(async () => {
  api = await startDomainApi('2025-03-12T22:00:00Z');
});
afterAll(() => api.close());
beforeEach(async () => {
  [owner, other] = [await api.user(), await api.user()];
  portfolioId = await insertPortfolio(api.db, { userId: owner.userId });
  positionId = await insertLot(api.db, { portfolioId, symbol: 'AAPL' });
  const foreignPortfolio = await insertPortfolio(api.db, { userId: other.userId });
  foreignPosition = await insertLot(api.db, { portfolioId: foreignPortfolio, symbol: 'MSFT' });
});

type Tag = Readonly<{ id: string; name: string; color: string; description: string | null; position_count: number }>;
type TagPage = Readonly<{ positions: readonly Readonly<{ symbol: string }>[]; next_cursor: string | null }>;
const make = async (name: string, caller = owner) => fieldsOf<Tag>(await caller.post('/tags', { name }), 201);
const list = async (caller = owner) => fieldsOf<{ tags: readonly Tag[]; total_count: number }>(await caller.get('/tags'), 200);
const tagsOf = async (id = positionId) => namesIn(await owner.get(`/positions/${id}/tags`));
const namesIn = (reply: Parameters<typeof fieldsOf>[0]) =>
  fieldsOf<{ tags: readonly Tag[] }>(reply, 200).tags.map(({ name }) => name);
const statuses = (replies: readonly Readonly<{ status: number }>[]) =>
  replies.map(({ status }) => status).toSorted((a, b) => a - b);

describe('a tag', () => {
  it('is made, shown, changed field by field and deleted', async () => {
    const reply = await owner.post('/tags', { name: ' Growth ', color: '#1F77b4', description: 'Sells fast' });
    const tag = fieldsOf<Tag>(reply, 201);
    expect(tag).toMatchObject({ name: 'Growth', color: '#1F77b4', description: 'Sells fast', position_count: 0 });
    expect(await list()).toEqual({ tags: [tag], total_count: 1 });
    expect((await owner.put(`/tags/${tag.id}`, { name: 'GROWTH', description: ' ' })).json).toEqual({
      ...tag,
      name: 'GROWTH',
      description: null,
    });
    expect((await owner.get(`/tags/${tag.id}`)).json).toMatchObject({ name: 'GROWTH', color: '#1F77b4' });
    expect((await owner.delete(`/tags/${tag.id}`)).status).toBe(204);
    expectError(await owner.delete(`/tags/${tag.id}`), 404, 'ERR_TAG_002');
    expect(await list()).toMatchObject({ tags: [] });
  });

  it('has a name of its own, whatever the case; other users may have the same', async () => {
    const { id } = await make('Growth');
    expectError(await owner.post('/tags', { name: ' GROWTH' }), 409, 'ERR_TAG_001');
    const value = await make('Value');
    expectError(await owner.put(`/tags/${value.id}`, { name: 'growth' }), 409, 'ERR_TAG_001');
    expect((await other.post('/tags', { name: 'Growth' })).status).toBe(201);
    expect((await list()).tags.map((tag) => [tag.id, tag.name])).toEqual([
      [id, 'Growth'],
      [value.id, 'Value'],
    ]);
  });

  it('posted twice at once is made once: one 201, one 409', async () => {
    const replies = await Promise.all([owner.post('/tags', { name: 'Growth' }), owner.post('/tags', { name: 'growth' })]);
    expect(statuses(replies)).toEqual([201, 409]);
  });

  it('can take a name once when two are renamed to it at once', async () => {
    const [a, b] = [await make('A'), await make('B')];
    const replies = await Promise.all([a, b].map(({ id }) => owner.put(`/tags/${id}`, { name: 'C' })));
    expect(statuses(replies)).toEqual([200, 409]);
  });

  it('posted again with its Idempotency-Key gets the first answer', async () => {
    const headers = { 'Idempotency-Key': 'tag-1' };
    const [first, second] = [
      await owner.post('/tags', { name: 'Growth' }, headers),
      await owner.post('/tags', { name: 'Growth' }, headers),
    ];
    expect([first.status, second.status, second.text]).toEqual([201, 201, first.text]);
  });

  it.each([
    [{}],
    [{ name: '  ' }],
    [{ name: 'x'.repeat(51) }],
    [{ name: 'a\u0007b' }],
    [{ name: 'x', color: 'red' }],
    [{ name: 'x', color: '#12345' }],
    [{ name: 'x', description: 'd'.repeat(501) }],
  ])('is refused as %j', async (body) => {
    expectError(await owner.post('/tags', body), 422, 'ERR_REQ_001');
  });

  it('is not changed by an empty request', async () => {
    const { id } = await make('Growth');
    expectError(await owner.put(`/tags/${id}`, {}), 422, 'ERR_REQ_001');
  });

  it('is one of a hundred at most, also from two requests that each see room for one more', async () => {
    await api.db.pool.query(
      `INSERT INTO tags (user_id, name, color) SELECT $1, 'T' || n, '#000000' FROM generate_series(1, 99) n`,
      [owner.userId],
    );
    const replies = await Promise.all([owner.post('/tags', { name: 'A' }), owner.post('/tags', { name: 'B' })]);
    expect(statuses(replies)).toEqual([201, 409]);
    expectError(await owner.post('/tags', { name: 'C' }), 409, 'ERR_TAG_003');
    expect((await list()).total_count).toBe(100);
  });
});

describe('the tags of a position', () => {
  it('are added to, replaced and taken off', async () => {
    const [a, b, c] = [await make('a'), await make('B'), await make('c')];
    const path = `/positions/${positionId}/tags`;
    expect(namesIn(await owner.post(path, { tag_ids: [c.id, a.id] }))).toEqual(['a', 'c']);
    expect(namesIn(await owner.post(path, { tag_ids: [a.id, b.id, b.id] }))).toEqual(['a', 'B', 'c']);
    expect(namesIn(await owner.put(path, { tag_ids: [b.id] }))).toEqual(['B']);
    expect((await owner.delete(`${path}/${b.id}`)).status).toBe(204);
    expectError(await owner.delete(`${path}/${b.id}`), 404, 'ERR_TAG_002');
    expect(namesIn(await owner.put(path, { tag_ids: [a.id, c.id] }))).toEqual(['a', 'c']);
    expect(namesIn(await owner.put(path, { tag_ids: [] }))).toEqual([]);
  });

  it('go with a deleted tag', async () => {
    const { id } = await make('a');
    await owner.put(`/positions/${positionId}/tags`, { tag_ids: [id] });
    await owner.delete(`/tags/${id}`);
    expect(await tagsOf()).toEqual([]);
  });

  it('are those of one of two replacements at once, never of both', async () => {
    const [a, b] = [await make('a'), await make('b')];
    for (let round = 0; round < 10; round += 1) {
      await Promise.all([a, b].map(({ id }) => owner.put(`/positions/${positionId}/tags`, { tag_ids: [id] })));
      expect(await tagsOf()).toHaveLength(1);
    }
  });

  it('may be added while they are deleted', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { id } = await make('a');
      const replies = await Promise.all([
        owner.post(`/positions/${positionId}/tags`, { tag_ids: [id] }),
        owner.delete(`/tags/${id}`),
      ]);
      expect([200, 404]).toContain(replies[0].status);
      expect(replies[1].status).toBe(204);
      expect(await tagsOf()).toEqual([]);
    }
  });

  it('are counted, and found again from the tag, page by page', async () => {
    const { id } = await make('a');
    const symbols = ['AAPL', 'AAPL', 'MSFT', 'ZS'];
    const ids = [positionId];
    for (const symbol of symbols.slice(1)) ids.push(await insertLot(api.db, { portfolioId, symbol }));
    for (const each of ids) await owner.put(`/positions/${each}/tags`, { tag_ids: [id] });
    expect((await list()).tags).toMatchObject([{ position_count: 4 }]);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: TagPage = fieldsOf<TagPage>(
        await owner.get(`/tags/${id}/positions?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`),
        200,
      );
      seen.push(...page.positions.map(({ symbol }) => symbol));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(symbols);
    await api.db.pool.query(`UPDATE positions SET deleted_at = now() WHERE id = $1`, [ids[3]]);
    expect((await list()).tags).toMatchObject([{ position_count: 3 }]);
    expect((await owner.get(`/tags/${id}/positions`)).json).toMatchObject({
      tag_id: id,
      positions: [
        { symbol: 'AAPL', portfolio_id: portfolioId, quantity: 10, entry_price: 100, entry_date: '2025-01-02', exit_date: null },
        { symbol: 'AAPL' },
        { symbol: 'MSFT' },
      ],
      next_cursor: null,
    });
  });

  it.each([[{}], [{ tag_ids: 'a' }], [{ tag_ids: ['x'] }], [{ tag_ids: Array.from({ length: 101 }, () => randomUUID()) }]])(
    'are refused as %j',
    async (body) => {
      expectError(await owner.post(`/positions/${positionId}/tags`, body), 422, 'ERR_REQ_001');
      expectError(await owner.put(`/positions/${positionId}/tags`, body), 422, 'ERR_REQ_001');
    },
  );
});

describe('what belongs to another user', () => {
  it('cannot be read: 404, as if it were not there', async () => {
    const { id } = await make('secret');
    for (const path of [`/tags/${id}`, `/tags/${id}/positions`, `/tags/${randomUUID()}`])
      expectError(await other.get(path), 404, 'ERR_TAG_002');
    for (const path of [`/positions/${positionId}/tags`, `/positions/${randomUUID()}/tags`])
      expectError(await other.get(path), 404, 'ERR_POSITION_404');
    expect(await list(other)).toMatchObject({ tags: [] });
  });

  it('cannot be changed: 403, and nothing is', async () => {
    const [mine, theirs] = [await make('mine'), await make('theirs', other)];
    const path = `/positions/${positionId}/tags`;
    await owner.put(path, { tag_ids: [mine.id] });
    const refused = [
      await other.put(`/tags/${mine.id}`, { name: 'stolen' }),
      await other.delete(`/tags/${mine.id}`),
      await other.post(path, { tag_ids: [theirs.id] }),
      await other.put(path, { tag_ids: [] }),
      await other.delete(`${path}/${mine.id}`),
      // A tag of theirs on a position of mine, and a tag of mine on a position of theirs.
      await owner.post(path, { tag_ids: [mine.id, theirs.id] }),
      await owner.put(path, { tag_ids: [theirs.id] }),
      await owner.delete(`${path}/${theirs.id}`),
      await owner.post(`/positions/${foreignPosition}/tags`, { tag_ids: [mine.id] }),
    ];
    for (const reply of refused) expectError(reply, 403, 'ERR_OWNER_001');
    expect(await tagsOf()).toEqual(['mine']);
    expect((await list(other)).tags).toMatchObject([{ name: 'theirs', position_count: 0 }]);
  });

  it('and what is not there is 404 to writes', async () => {
    const { id } = await make('mine');
    expectError(await owner.put(`/tags/${randomUUID()}`, { name: 'x' }), 404, 'ERR_TAG_002');
    expectError(await owner.post(`/positions/${positionId}/tags`, { tag_ids: [id, randomUUID()] }), 404, 'ERR_TAG_002');
    expectError(await owner.post(`/positions/${randomUUID()}/tags`, { tag_ids: [id] }), 404, 'ERR_POSITION_404');
    await api.db.pool.query(`UPDATE portfolios SET deleted_at = now() WHERE id = $1`, [portfolioId]);
    expectError(await owner.get(`/positions/${positionId}/tags`), 404, 'ERR_POSITION_404');
  });

  it('needs credentials', async () => {
    expectError(await api.nobody.get('/tags'), 401, 'ERR_AUTH_001');
    expectError(await api.nobody.post('/tags', { name: 'x' }), 401, 'ERR_AUTH_001');
  });
});
