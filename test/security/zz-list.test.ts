import { z } from '../../shared/node_modules/zod/index.js';
import { ENDPOINTS } from '@closebell/shared/contracts/endpoints';
import { it } from 'vitest';
import { gapsOfTable, keyOf } from './requests.js';
import { writeFileSync } from 'node:fs';
it('lists', () => {
  const { missing } = gapsOfTable();
  const js = (s: any) =>
    s === undefined
      ? undefined
      : (() => {
          const { properties, required } = z.toJSONSchema(s, { io: 'input', unrepresentable: 'any' }) as any;
          return JSON.stringify({ properties, required });
        })();
  writeFileSync(
    '/tmp/e7missing.txt',
    ENDPOINTS.filter((e) => missing.includes(keyOf(e)))
      .map(
        (e) =>
          `${keyOf(e)} [${e.auth}${e.multipart ? ' multipart' : ''}] ${Object.entries(e.responses)
            .map(([k, v]) => k + ':' + ((v as any).contentType ?? 'json'))
            .join(
              ',',
            )} ${e.errors.filter((c) => c !== 'ERR_REQ_001').join(' ')}\n   P ${js(e.params)}\n   Q ${js(e.query)}\n   B ${js(e.body)}`,
      )
      .join('\n'),
  );
});
