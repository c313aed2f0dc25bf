// .env.example is what people copy: it must name what exists, and change nothing as it stands.
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { CONFIG_VARIABLES, parseConfig } from '@closebell/shared/config';
import { expect, it } from 'vitest';

const text = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
const example = parseEnv(text);

it('names every variable of the configuration, and no other, each once', () => {
  const named = text.split('\n').flatMap((line) => /^([A-Z_0-9]+)=/.exec(line)?.[1] ?? []);
  expect(named.toSorted()).toEqual([...CONFIG_VARIABLES].toSorted());
});

it('shows the defaults: a copy of it changes nothing', () => {
  expect(parseConfig(example)).toEqual(parseConfig({}));
});

it('explains every variable on the line above it', () => {
  const lines = text.split('\n');
  const unexplained = lines.filter((line, index) => /^[A-Z_0-9]+=/.test(line) && !/^# \S/.test(lines[index - 1] ?? ''));
  expect(unexplained).toEqual([]);
});
