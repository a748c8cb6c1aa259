import { describe, expect, test } from 'vitest';
import { callerOf, type Right } from '../../src/lib/api/caller.ts';
import { Refusal } from '../../src/lib/api/problem.ts';
import { authLevelOf } from '../../src/lib/auth-level.ts';
import type { Settings } from '../../src/lib/catalog/settings.ts';

const entra = { SLUICE_AUTH: 'entra', WEBSITE_AUTH_ENABLED: 'True' };

interface Claim {
  readonly typ: string;
  readonly val: string;
}

const operator: Claim = { typ: 'roles', val: 'Sluice.Operator' };
const reader: Claim = { typ: 'roles', val: 'Sluice.Reader' };
const ada: Claim = { typ: 'preferred_username', val: 'ada@contoso.example' };

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
const headers = (...claims: readonly Claim[]) =>
  new Headers({ 'x-ms-client-principal': encode({ auth_typ: 'aad', name_typ: 'name', role_typ: 'roles', claims }) });

function statusOf(given: Headers, right: Right, settings: Settings = entra): number | string {
  try {
    return callerOf(given, right, settings);
  } catch (error) {
    if (error instanceof Refusal) return error.problem.status;
    throw error;
  }
}

describe('with function keys', () => {
  test('the caller is a key, whatever the header claims, which anybody can send', () => {
    expect(callerOf(headers(ada, operator), 'operate', {})).toBe('key');
    expect(callerOf(headers(ada, operator), 'operate', { SLUICE_AUTH: 'key' })).toBe('key');
  });

  test('a key must be shown', () => {
    expect(authLevelOf({})).toBe('function');
    expect(authLevelOf({ SLUICE_AUTH: 'key' })).toBe('function');
  });
});

describe('with App Service authentication', () => {
  test('the platform has checked who it is', () => {
    expect(authLevelOf(entra)).toBe('anonymous');
    expect(authLevelOf({ SLUICE_AUTH: ' Entra ' })).toBe('anonymous');
  });

  test.each<[string, Headers, Right, number | string]>([
    ['an operator may command', headers(ada, operator), 'operate', 'ada@contoso.example'],
    ['an operator may look', headers(ada, operator), 'read', 'ada@contoso.example'],
    ['a reader may look', headers(ada, reader), 'read', 'ada@contoso.example'],
    ['a reader may not command', headers(ada, reader), 'operate', 403],
    ['somebody without a role may not look', headers(ada), 'read', 403],
    ['a role of another app is none', headers(ada, { typ: 'roles', val: 'Operator' }), 'operate', 403],
    ['a name is no role', headers({ typ: 'name', val: 'Sluice.Operator' }), 'operate', 403],
    ['nobody', new Headers(), 'read', 401],
    ['no base64', new Headers({ 'x-ms-client-principal': '%%%' }), 'read', 401],
    ['no claims', new Headers({ 'x-ms-client-principal': encode({}) }), 'operate', 401],
  ])('%s', (_, given, right, expected) => {
    expect(statusOf(given, right)).toBe(expected);
  });

  test.each<[string, Claim[], string]>([
    ['a person by the user name', [ada, { typ: 'oid', val: '1' }], 'ada@contoso.example'],
    [
      'a program by its application id',
      [
        { typ: 'oid', val: '1' },
        { typ: 'azp', val: 'app-1' },
      ],
      'app-1',
    ],
    ['anybody else by the object id', [{ typ: 'oid', val: 'object-1' }], 'object-1'],
    ['a display name where there is nothing better', [{ typ: 'name', val: 'Ada' }], 'Ada'],
    ['somebody who is called as Sluice is', [{ typ: 'name', val: 'sluice' }], 'principal sluice'],
    ['somebody who is called key', [{ typ: 'preferred_username', val: 'Key' }], 'principal Key'],
    ['a name with line breaks', [{ typ: 'name', val: 'A\nda\u0000' }], 'Ada'],
  ])('records %s', (_, claims, name) => {
    expect(callerOf(headers(operator, ...claims), 'operate', entra)).toBe(name);
  });

  test('takes the role from the claim that the principal names for it', () => {
    const typ = 'http://schemas.microsoft.com/ws/2008/06/identity/claims/role';
    expect(statusOf(headers(ada, { typ, val: 'Sluice.Operator' }), 'operate')).toBe('ada@contoso.example');
  });
});

describe('where App Service authentication does not show that it is on', () => {
  const given = headers(ada, operator);
  test.each<[string, Settings]>([
    ['no sign of it', { SLUICE_AUTH: 'entra' }],
    ['it was turned off', { SLUICE_AUTH: 'entra', WEBSITE_AUTH_ENABLED: 'False' }],
    ['an empty sign', { SLUICE_AUTH: 'entra', WEBSITE_AUTH_ENABLED: '' }],
    ['another sign is asked for', { ...entra, SLUICE_AUTH_SIGN: 'OTHER' }],
  ])('nobody is believed, whatever the header claims: %s', (_, settings) => {
    expect(statusOf(given, 'read', settings)).toBe(503);
    expect(statusOf(given, 'operate', settings)).toBe(503);
    expect(() => callerOf(given, 'read', settings)).toThrow(/SLUICE_AUTH is entra, but \w+ is not true.*Turn it on/);
  });

  test('the sign can be one of another name', () => {
    const settings = { SLUICE_AUTH: 'entra', SLUICE_AUTH_SIGN: 'OTHER', OTHER: 'true' };
    expect(statusOf(given, 'operate', settings)).toBe('ada@contoso.example');
  });
});
