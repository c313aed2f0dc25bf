import { describe, expect, it } from 'vitest';
import { checkRegistration, plainInviteCode } from './registration.js';

const good = { email: 'ada@example.com', password: 'Passw0rd', full_name: 'Ada' };

describe('a registration', () => {
  it('is taken with its address lower-cased, name and address trimmed, and the password as it is', () => {
    expect(checkRegistration({ email: ' Ada@Example.com ', password: ' Passw0rd ', full_name: ' Ada ' })).toEqual({
      ok: true,
      registration: { email: 'ada@example.com', password: ' Passw0rd ', fullName: 'Ada' },
    });
  });

  it('is told all its faults', () => {
    expect(checkRegistration({ email: 'ada', password: 'weak', full_name: ' ' })).toEqual({
      ok: false,
      codes: ['ERR_USER_002', 'ERR_USER_003', 'ERR_USER_004'],
    });
  });

  it.each(['Passw0r', 'passw0rd', 'PASSW0RD', 'Password'])('is refused the password %s', (password) => {
    expect(checkRegistration({ ...good, password })).toEqual({ ok: false, codes: ['ERR_USER_003'] });
  });

  it.each(['Passw0rd', 'pässwÖrd1', 'Pass word 1'])('may have the password %s', (password) => {
    expect(checkRegistration({ ...good, password }).ok).toBe(true);
  });
});

describe('an invite code', () => {
  it('counts whatever its case and the blanks around it, and nothing else does', () => {
    expect(plainInviteCode(' beta-1\n')).toBe(plainInviteCode('BETA-1'));
    expect(plainInviteCode('')).not.toBe(plainInviteCode('BETA-1'));
    expect(plainInviteCode('BETA')).not.toBe(plainInviteCode('BETA-1'));
  });
});
