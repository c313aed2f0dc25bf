// What every program does alike at its start, seen from outside.
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { createTestDatabase } from '../support/database.js';
import { runProgram } from './programs.js';

it('a taken port is told in one line, with the way out', async () => {
  const { url } = await createTestDatabase();
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo;
  const env = { DATABASE_URL: url, PORT: String(port), LOG_LEVEL: 'warn' };
  const { code, output } = await runProgram('api/dist/main.js', [], env);
  holder.close();
  expect(code).toBe(1);
  expect(output).toBe(`The api could not start: port ${port} is taken. Set PORT to another one, or stop what listens there\n`);
});

it.each(['api/dist/main.js', 'worker/dist/main.js', 'worker/dist/commands/start.js'])(
  '%s tells every fault of the configuration at once',
  async (file) => {
    const { code, output } = await runProgram(file, [], { PORT: 'x', JOB_LEASE_SECONDS: '0' });
    expect(code).toBe(1);
    expect(output).toMatch(/^The configuration has 2 fault\(s\):\n  PORT: .*\n  JOB_LEASE_SECONDS: .*\n$/);
  },
);
