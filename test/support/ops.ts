// The files of ops/, and the metrics that their expressions name.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { ROOT } from './programs.js';

export type AlertRule = Readonly<{
  alert: string;
  expr: string;
  for?: string;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
}>;
export type Panel = Readonly<{ title: string; type: string; targets?: readonly Readonly<{ expr: string }>[] }>;

export type OpsFiles = Readonly<{
  alerts: readonly AlertRule[];
  panels: readonly Panel[];
  /** Of alerts and panels. */
  expressions: readonly string[];
}>;

export function readOps(): OpsFiles {
  const read = (name: string): string => readFileSync(path.join(ROOT, 'ops', name), 'utf8');
  const { groups } = parse(read('alerts.yml')) as { groups: { rules: AlertRule[] }[] };
  const { panels } = JSON.parse(read('grafana-dashboard.json')) as { panels: Panel[] };
  const alerts = groups.flatMap(({ rules }) => rules);
  const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  return { alerts, panels, expressions: [...alerts.map(({ expr }) => expr), ...queries] };
}

/** The metrics named, sorted: closebell_*, those that the client library adds, and `up`. */
export function namesIn(expressions: readonly string[]): readonly string[] {
  const names = expressions.flatMap((each) => each.match(/\b(?:closebell|nodejs|process)_\w+|\bup\b/g) ?? []);
  return [...new Set(names)].toSorted();
}
