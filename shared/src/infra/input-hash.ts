// A snapshot carries a hash of the values it was computed from, chained outward from the anchor: same inputs, same bytes.
// Values only: never ids, generations or times, so that a replay on another machine gives the same hash.
import { createHash } from 'node:crypto';
import type { Lot } from '../calc/lot-history.js';
import type { Flow } from '../calc/portfolio-history.js';
import type { SessionAxis } from '../calc/price-series.js';
import type { LedgerEntries, LedgerLot } from '../ledger/ledger.js';
import type { BuiltLot } from '../ledger/lots.js';

/** Changes when the same inputs would give other figures. */
export const METHOD_VERSION = 'closebell equity chain 1';

export type HashInput = Readonly<{
  axis: SessionAxis;
  ledger: Pick<LedgerEntries, 'equityBalance' | 'equityAsOf'>;
  lots: readonly BuiltLot[];
  flows: readonly Flow[];
  /** `anchorIndex` for a whole history; `previous` is the hash of session 0 for a continued one. */
  start: Readonly<{ anchorIndex: number }> | Readonly<{ previous: Buffer }>;
}>;

/** Hashes of sessions 1 … of the axis, in order. */
export function inputHashes(input: HashInput): readonly Buffer[] {
  const hashes: Buffer[] = [];
  for (const { index, hash } of hashChain(input)) hashes[index - 1] = hash;
  return hashes;
}

/** The same one by one, from the start outward: first to the end of the axis, then back to session 1. */
export function* hashChain(input: HashInput): Generator<Readonly<{ index: number; hash: Buffer }>> {
  const { axis, ledger, start } = input;
  const lotKeys = input.lots.map(({ entry }) => lotKey(entry));
  const last = axis.sessions.length - 1;
  const link = (previous: Buffer, index: number): Buffer =>
    createHash('sha256')
      .update(previous)
      .update(inputsOf(input, lotKeys, index))
      .digest();
  const seed = createHash('sha256').update(`${METHOD_VERSION}\n${ledger.equityBalance}\n${ledger.equityAsOf}`).digest();
  const anchorIndex = 'anchorIndex' in start ? start.anchorIndex : 0;
  const anchor = 'anchorIndex' in start ? link(seed, anchorIndex) : start.previous;
  if (anchorIndex > 0) yield { index: anchorIndex, hash: anchor };
  for (let index = anchorIndex + 1, hash = anchor; index <= last; index++) {
    hash = link(hash, index);
    yield { index, hash };
  }
  for (let index = anchorIndex - 1, hash = anchor; index >= 1; index--) {
    hash = link(hash, index);
    yield { index, hash };
  }
}

function lotKey(lot: LedgerLot): string {
  return [
    lot.investmentClass,
    lot.investmentSubtype,
    lot.symbol,
    lot.quantity,
    lot.entryPrice,
    lot.entryDate,
    lot.exitPrice,
    lot.exitDate,
    lot.underlyingSymbol,
    lot.strikePrice,
    lot.expirationDate,
    lot.optionType,
  ].join('|');
}

/** What the figures of session i depend on beyond its neighbour's: flows, and of each lot its terms, price, splits and dividends. */
function inputsOf({ axis, lots, flows }: HashInput, lotKeys: readonly string[], i: number): string {
  const session = axis.sessions[i]!;
  const lines = [session];
  for (const flow of flows) if (flow.index === i) lines.push(`flow ${flow.amountE4}`);
  for (const [k, { lot }] of lots.entries()) {
    if (lot.entryIndex > i) continue;
    lines.push(lot.exitIndex <= i ? `${lotKeys[k]} closed ${lot.exitValueE4}` : `${lotKeys[k]} ${priceInput(axis, lot, i)}`);
  }
  return lines.join('\n');
}

function priceInput(axis: SessionAxis, { pricing }: Lot, i: number): string {
  switch (pricing.by) {
    case 'model':
      return `mark ${pricing.markE6[i]} ${pricing.fresh[i]}`;
    case 'close': {
      const { closeE6, closeIndex, splits, dividends } = pricing.series;
      const [before, session] = [axis.sessions[i - 1]!, axis.sessions[i]!];
      const events = [
        ...splits
          .filter(({ exDate }) => exDate <= session)
          .map(({ exDate, ratio }) => `split ${exDate} ${ratio.numerator}:${ratio.denominator}`),
        ...dividends
          .filter(({ exDate }) => exDate > before && exDate <= session)
          .map(({ exDate, amountE8 }) => `dividend ${exDate} ${amountE8}`),
      ];
      return `close ${closeE6[i]} of ${closeIndex[i] === -1 ? 'none' : axis.dateOf(closeIndex[i]!)} ${events.join(' ')}`;
    }
    case 'manual':
    case 'par':
      return pricing.by;
  }
}
