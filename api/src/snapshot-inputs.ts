// What one snapshot was computed from, read again from the ledger and the prices that are stored now.
import { loadLedgers, loadSnapshotLinks, type Ledger, type SnapshotLink } from '@closebell/prisma/ledger';
import { loadLotSources } from '@closebell/prisma/lot-sources';
import { loadBarOrigins, type BarOrigin } from '@closebell/prisma/snapshot-inputs';
import type { StoredSnapshot } from '@closebell/prisma/snapshots';
import { axisOf } from '@closebell/shared/calc/price-series';
import { hashChain, type HashInput } from '@closebell/shared/infra/input-hash';
import { bookedFlows } from '@closebell/shared/ledger/flows';
import type { LedgerFlow } from '@closebell/shared/ledger/ledger';
import { lotStanding, type LotStanding } from '@closebell/shared/ledger/lot-standing';
import { buildLots, indexOnAxis, type BuiltLot, type LotSources } from '@closebell/shared/ledger/lots';
import { pricedSymbol } from '@closebell/shared/lot-kind';
import { SNAPSHOT_LOTS_MAX } from '@closebell/shared/contracts/snapshots';
import type { ApiContext } from './context.js';

export type SnapshotInputs = Readonly<{
  ledger: Ledger;
  sources: LotSources;
  /** Of the snapshot, on the axis of `sources`. */
  index: number;
  /** Whether the inputs stored now give the snapshot's hash. */
  verified: boolean;
  previous: SnapshotLink | null;
  chainedTo: string | null;
  flows: readonly LedgerFlow[];
  lots: readonly StandingLot[];
  lotsTotal: number;
}>;

/** A lot opened by the close of the session; `standing` is null once it is closed. */
export type StandingLot = Readonly<{ built: BuiltLot; standing: LotStanding | null; bar: BarOrigin | null }>;

/**
 * The hash is chained outward from the anchor, so every session from there to the snapshot is hashed again: a change anywhere between
 * shows. Null when the portfolio went away meanwhile.
 */
export async function readSnapshotInputs(
  { db, calendar, config }: ApiContext,
  portfolioId: string,
  { snapshot_date: date, input_hash: storedHash }: StoredSnapshot,
): Promise<SnapshotInputs | null> {
  const [ledger] = await loadLedgers(db.pool, [portfolioId]);
  if (ledger === undefined) return null;
  const { equityAsOf } = ledger;
  const [first, to] = date < equityAsOf ? [date, equityAsOf] : [equityAsOf, date];
  const axis = axisOf(calendar, calendar.previousSession(first), to);
  const request = { lots: ledger.lots, from: axis.sessions[0]!, to, config };
  const [stored, links] = await Promise.all([
    loadLotSources(db.pool, calendar, request),
    loadSnapshotLinks(db.pool, [{ portfolioId, date: calendar.previousSession(date) }]),
  ]);
  const sources = { ...stored, axis };
  const index = calendar.sessionIndex(date) - axis.firstIndex;
  const built = buildLots(sources, ledger.lots);
  const anchorIndex = calendar.sessionIndex(equityAsOf) - axis.firstIndex;
  const flows = bookedFlows(sources, ledger.flows);
  const hash = await hashOf({ axis, ledger, lots: built, flows, start: { anchorIndex } }, index);
  const opened = built.filter(({ lot }) => lot.entryIndex <= index);
  return {
    ledger,
    sources,
    index,
    verified: hash.equals(storedHash),
    previous: links.get(portfolioId) ?? null,
    chainedTo: anchorIndex === index ? null : axis.sessions[index + Math.sign(anchorIndex - index)]!,
    flows: ledger.flows.filter((flow) => indexOnAxis(sources, flow.date) === index),
    lots: await standAll(db.pool, sources, opened.slice(0, SNAPSHOT_LOTS_MAX), index),
    lotsTotal: opened.length,
  };
}

const SESSIONS_AT_ONCE = 16;

/** A long history of many lots takes its time: other requests get their turn in between. */
async function hashOf(input: HashInput, index: number): Promise<Buffer> {
  let count = 0;
  for (const link of hashChain(input)) {
    if (link.index === index) return link.hash;
    count += 1;
    if (count % SESSIONS_AT_ONCE === 0) await new Promise(setImmediate);
  }
  throw new Error(`session ${index} is not on the chain`);
}

async function standAll(
  client: ApiContext['db']['pool'],
  sources: LotSources,
  lots: readonly BuiltLot[],
  index: number,
): Promise<readonly StandingLot[]> {
  const standings = lots.map((built) => ({
    built,
    standing: built.lot.exitIndex > index ? lotStanding(sources, built, index) : null,
  }));
  const wanted = standings.flatMap(({ built, standing }) => {
    const symbol = pricedSymbol(built.entry);
    return symbol === null || standing === null || standing.priceDate === null
      ? []
      : [{ symbol, sessionDate: standing.priceDate }];
  });
  const bars = new Map((await loadBarOrigins(client, wanted)).map((bar) => [`${bar.symbol} ${bar.sessionDate}`, bar]));
  return standings.map(({ built, standing }) => ({
    built,
    standing,
    bar: bars.get(`${pricedSymbol(built.entry)} ${standing?.priceDate}`) ?? null,
  }));
}
