import { describe, expect, test } from 'vitest';
import { bodySchema, fields, readBody } from '../../src/lib/api/body.ts';
import { Refusal } from '../../src/lib/api/problem.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const schema = bodySchema({ until: fields.until, digest: fields.digest.optional(), force: fields.force });

const request = (body: unknown, type = 'application/json') =>
  new Request('http://sluice', {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': type },
  });

async function refusal(body: unknown, type?: string) {
  const thrown = await readBody(request(body, type), schema).catch((error: unknown) => error);
  if (!(thrown instanceof Refusal)) throw new Error(`It was not refused: ${JSON.stringify(thrown)}`);
  return thrown.problem;
}

describe('a body that is right', () => {
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
  test.each([
    [{ reason: 'a fix' }, { reason: 'a fix' }],
    [{ reason: '  a fix ' }, { reason: 'a fix' }],
    [{ reason: 'x'.repeat(500) }, { reason: 'x'.repeat(500) }],
    [
      { reason: 'a fix', force: true },
      { reason: 'a fix', force: true },
    ],
    [
      { reason: 'a fix', digest },
      { reason: 'a fix', digest },
    ],
    [
      { reason: 'a fix', until: tomorrow },
      { reason: 'a fix', until: Date.parse(tomorrow) },
    ],
  ])('%j', async (body, parsed) => {
    expect(await readBody(request(body, 'application/json; charset=utf-8'), schema)).toEqual(parsed);
  });
});

describe('a body that is wrong is refused, and each member that is wrong is named', () => {
  test.each<[unknown, string[]]>([
    [{}, ['reason']],
    [{ reason: '' }, ['reason']],
    [{ reason: '   ' }, ['reason']],
    [{ reason: 'x'.repeat(501) }, ['reason']],
    [{ reason: 1 }, ['reason']],
    [{ reason: null }, ['reason']],
    [{ reason: 'x', until: 'tomorrow' }, ['until']],
    [{ reason: 'x', until: '2999-01-01T00:00:00' }, ['until']],
    [{ reason: 'x', until: '2001-01-01T00:00:00Z' }, ['until']],
    [{ reason: 'x', until: 4_102_444_800_000 }, ['until']],
    [{ reason: 'x', digest: 'latest' }, ['digest']],
    [{ reason: 'x', digest: digest.toUpperCase() }, ['digest']],
    [{ reason: 'x', force: 'yes' }, ['force']],
    [{ reason: 'x', forced: true, who: 'me' }, ['forced', 'who']],
    [{ until: 'tomorrow', digest: '', force: 1 }, ['reason', 'until', 'digest', 'force']],
    ['[]', ['body']],
    ['"text"', ['body']],
    ['null', ['body']],
  ])('%j', async (body, named) => {
    const { status, errors = [] } = await refusal(body);
    expect(status).toBe(400);
    expect(errors.map(({ field }) => field).sort()).toEqual([...named].sort());
  });

  test.each(['', '{', 'reason=x', '{"reason": "x"'])('%j, which is not JSON', async (text) => {
    const detail = 'the body is not JSON; an object was expected, such as {"reason": "…"}';
    expect(await refusal(text)).toEqual({ status: 400, detail, errors: [{ field: 'body', detail }] });
  });

  test.each(['[]', 'null', '"text"', '7'])('%s, which is JSON but no object', async (text) => {
    const detail = 'an object was expected, such as {"reason": "…"}';
    expect(await refusal(text)).toMatchObject({ status: 400, errors: [{ field: 'body', detail }] });
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])(
    'as %s, which another site could send with the cookies of somebody signed in',
    async (type) => {
      expect(await refusal({ reason: 'x' }, type)).toMatchObject({ status: 415, errors: [{ field: 'content-type' }] });
    },
  );

  test('when it is too long', async () => {
    expect(await refusal({ reason: 'x', padding: 'x'.repeat(20_000) })).toMatchObject({
      status: 413,
      errors: [{ field: 'body' }],
    });
  });
});

test('keeps credentials out of the reason, which goes into the record', async () => {
  const { reason } = await readBody(request({ reason: 'login with password=hunter2hunter2 failed' }), schema);
  expect(reason).toBe('login with password=*** failed');
});
