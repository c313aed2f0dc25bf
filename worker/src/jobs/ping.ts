import type { Handler } from '../context.js';

export const ping: Handler<'ping'> = async (_context, { payload }) => ({ outcome: 'done', result: { nonce: payload.nonce } });
