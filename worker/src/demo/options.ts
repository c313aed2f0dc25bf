// What the demo was asked to do: its arguments, and the configuration it shares with the API and the worker.
import { parseArgs } from 'node:util';
import { parseConfig, type Config } from '@closebell/shared/config';

export type DemoOptions = Readonly<{
  /** End after the table instead of staying up. */
  once: boolean;
  /** Begin by removing what an earlier demo left. */
  reset: boolean;
  config: Config;
}>;

export type ReadOptions =
  | Readonly<{ ok: true; options: DemoOptions }>
  | Readonly<{ ok: false; exitCode: 0 | 1; message: string }>;

const USAGE = `npm run demo -- [--once] [--reset]
  --once    end after the table, with code 0 when every calculation completed
  --reset   remove the demo's data first and begin anew
Settings come from the environment: PORT, CLOSEBELL_DATA_DIR, DATABASE_URL and the others of .env.example. The file .env is not read.`;

export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): ReadOptions {
  const flags = readFlags(args);
  if (typeof flags === 'string') return { ok: false, exitCode: 1, message: `${flags}\n\n${USAGE}` };
  if (flags.help) return { ok: false, exitCode: 0, message: USAGE };
  const parsed = parseConfig(demoEnvironment(env));
  const faults = parsed.ok ? demoFaults(parsed.config, flags) : parsed.faults;
  if (!parsed.ok || faults.length > 0) {
    return { ok: false, exitCode: 1, message: ['The demo cannot run with these settings:', ...faults].join('\n  ') };
  }
  return { ok: true, options: { once: flags.once, reset: flags.reset, config: parsed.config } };
}

/** The demo needs no network: its prices are simulated unless the environment names providers. */
export function demoEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const isNamed = (env['MARKET_DATA_PROVIDERS'] ?? '').trim() !== '';
  return isNamed ? env : { ...env, MARKET_DATA_PROVIDERS: 'simulated' };
}

type Flags = Readonly<{ once: boolean; reset: boolean; help: boolean }>;

/** What is wrong with the arguments, when a text. */
function readFlags(args: readonly string[]): Flags | string {
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({ args: [...args], options: { once: flag, reset: flag, help: flag } }).values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function demoFaults({ environment, databaseUrl }: Config, { reset }: Flags): readonly string[] {
  const faults: string[] = [];
  if (environment === 'production') faults.push('ENVIRONMENT: the demo makes a user of its own, so it refuses production');
  if (reset && databaseUrl !== null) {
    faults.push('--reset removes the embedded database only; DATABASE_URL names another one: empty that yourself, or unset it');
  }
  return faults;
}
