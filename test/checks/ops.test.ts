// The alerts and the dashboard are read by machines that say nothing when a name is wrong: an alert simply never fires.
import { LIVE_GAUGES, METRICS } from '@closebell/shared/metrics';
import { expect, it } from 'vitest';
import { namesIn, readOps } from '../support/ops.js';

const { alerts, panels, expressions } = readOps();
const DEFINED: Readonly<Record<string, { type: string; labels: readonly string[] }>> = { ...METRICS, ...LIVE_GAUGES };

it('names only metrics that exist, a histogram by its parts', () => {
  const series = Object.entries(DEFINED).flatMap(([name, { type }]) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map((part) => name + part) : [name],
  );
  const ours = namesIn(expressions).filter((name) => name.startsWith('closebell_'));
  expect(ours.filter((name) => !series.includes(name))).toEqual([]);
});

it('selects only by labels that the metric has', () => {
  const faults = expressions.flatMap((expression) =>
    [...expression.matchAll(/\b(closebell_\w+)\{([^}]*)\}/g)].flatMap(([, name = '', selector = '']) => {
      const known = ['le', 'reporter', ...(DEFINED[name.replace(/_(bucket|sum|count)$/, '')]?.labels ?? [])];
      const used = [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label);
      return used.filter((label) => !known.includes(label)).map((label) => `${name}{${label}}`);
    }),
  );
  expect(faults).toEqual([]);
});

it('shows or watches every metric there is', () => {
  const named = namesIn(expressions).map((name) => name.replace(/_(bucket|sum|count)$/, ''));
  expect(Object.keys(DEFINED).filter((name) => !named.includes(name))).toEqual([]);
});

it('says with every alert what it is and what to do', () => {
  for (const { alert, annotations, labels } of alerts) {
    expect(annotations['summary']?.length, alert).toBeGreaterThan(10);
    expect(annotations['what_to_do']?.length, alert).toBeGreaterThan(20);
    expect(labels['severity'], alert).toMatch(/^(page|warning)$/);
  }
});

it('asks something in every panel of the dashboard', () => {
  for (const { title, type, targets } of panels) if (type !== 'row') expect(targets?.length, title).toBeGreaterThan(0);
});
