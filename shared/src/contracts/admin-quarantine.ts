// Bars that were held back and that a superuser finds right. The list of them is part of admin-data-quality.ts.
import { z } from 'zod';
import { endpoint } from './endpoint.js';
import { date, instant } from './fields.js';

const quarantinedBar = {
  symbol: z.string().trim().min(1).max(100),
  session_date: date,
  provider: z.string().min(1).max(50),
};

export const acceptQuarantined = endpoint({
  method: 'post',
  path: '/admin/data-quality/quarantine/accept',
  summary: 'Accepts a bar that was held back: the next run asks for its session again and takes it',
  tag: 'Admin',
  auth: 'superuser',
  idempotent: true,
  body: z.object(quarantinedBar),
  responses: {
    200: {
      description:
        'It is believed as long as its provider gives this close. Of a jump accept the first bar: those after it follow',
      schema: z.object({ ...quarantinedBar, close: z.number(), accepted_at: instant }),
    },
  },
  errors: ['ERR_DATA_001', 'ERR_DATA_002', 'ERR_REQ_001'],
});
