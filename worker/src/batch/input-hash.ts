// A snapshot carries a hash of the values it was computed from, chained outward from the anchor: same inputs, same bytes.
// Values only: never ids, generations or times, so that a replay on another machine gives the same hash.
import { createHash } from 'node:crypto';
import type { Ledger, LedgerLot } from '@closebell/prisma/ledger';
import type { Lot } from '@closebell/shared/calc/lot-history';
import type { Flow } from '@closebell/shared/calc/portfolio-history';
import type { SessionAxis } from '@closebell/shared/calc/price-series';
import type { BuiltLot } from './portfolio-lots.js';

/** Changes when the same inputs would give other figures. */
const METHOD_VERSION = 'closebell equity chain 1';

export type HashInput = Readonly<{
  axis: SessionAxis;
  ledger: Ledger;
  lots: readonly BuiltLot[];
  flows: readonly Flow[];
  /** `anchorIndex` for a whole history; `previous` is the hash of session 0 for a continued one. */
  start: Readonly<{ anchorIndex: number }> | Readonly<{ previous: Buffer }>;
}>;

/** Hashes of sessions 1 … of the axis, in order. */
export function inputHashes(input: HashInput): readonly Buffer[] {
  const { axis, ledger, start } = input;
  const lotKeys = input.lots.map(({ entry }) => lotKey(entry));
  const last = axis.sessions.length - 1;
  const hashes: Buffer[] = [];
  const link = (previous: Buffer, i: number): Buffer => {
    const hash = createHash('sha256')
      .update(previous)
      .update(inputsOf(input, lotKeys, i))
      .digest();
    hashes[i - 1] = hash;
    return hash;
  };
  const seed = createHash('sha256').update(`${METHOD_VERSION}\n${ledger.equityBalance}\n${ledger.equityAsOf}`).digest();
  const anchorIndex = 'anchorIndex' in start ? start.anchorIndex : 0;
  const anchor = 'anchorIndex' in start ? link(seed, anchorIndex) : start.previous;
  for (let i = anchorIndex + 1, hash = anchor; i <= last; i++) hash = link(hash, i);
  for (let i = anchorIndex - 1, hash = anchor; i >= 1; i--) hash = link(hash, i);
  return hashes;
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
