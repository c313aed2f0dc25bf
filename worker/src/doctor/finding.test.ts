import { expect, it } from 'vitest';
import { renderFinding, fault, withoutSecrets } from './finding.js';

it('a URL is shown without its password, wherever it stands', () => {
  expect(withoutSecrets('postgresql://ada:secret@db.example:5432/closebell?password=secret')).toBe(
    'postgresql://ada@db.example:5432/closebell',
  );
  expect(withoutSecrets('redis://:secret@cache:6379/2')).toBe('redis://cache:6379/2');
});

it('a finding is one line: sign, subject, text and what to do', () => {
  expect(renderFinding(fault('disk', 'full', 'Make room'))).toBe('✗ disk           full. Make room');
});
