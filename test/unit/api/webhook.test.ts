import { createHmac } from 'node:crypto';
import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { Deliveries } from '../../../src/api/webhook-deliveries.ts';
import { startWebhooks, type WebhookServer } from '../../../src/api/webhook-server.ts';
import { isSigned } from '../../../src/api/webhook-signature.ts';

const SECRET = 'a secret of enough length';
const BODY = Buffer.from('{"ref":"refs/heads/main"}');
const hmac = (secret: string, body: Buffer = BODY) => createHmac('sha256', secret).update(body).digest('hex');

describe('the proof of a webhook', () => {
  it.each([
    ['GitHub', { 'x-hub-signature-256': `sha256=${hmac(SECRET)}` }],
    ['GitLab', { 'x-gitlab-token': SECRET }],
    ['Gitea', { 'x-gitea-signature': hmac(SECRET), 'x-hub-signature-256': `sha256=${hmac(SECRET)}` }],
    ['Forgejo', { 'x-forgejo-signature': hmac(SECRET) }],
    ['anybody', { 'x-signature': `sha256=${hmac(SECRET)}` }],
  ])('of %s is known', (_, headers) => {
    expect(isSigned(headers, BODY, SECRET)).toBe(true);
  });

  it.each([
    ['none', {}],
    ['another secret', { 'x-hub-signature-256': `sha256=${hmac('another secret of length')}` }],
    ['another body', { 'x-hub-signature-256': `sha256=${hmac(SECRET, Buffer.from('{}'))}` }],
    ['half of it', { 'x-hub-signature-256': `sha256=${hmac(SECRET).slice(0, 32)}` }],
    ['nothing', { 'x-hub-signature-256': '' }],
    ['a part of a token', { 'x-gitlab-token': SECRET.slice(0, 5) }],
    ['an old algorithm', { 'x-hub-signature': 'sha1=00' }],
    ['a right one beside a wrong one', { 'x-gitlab-token': SECRET, 'x-signature': 'sha256=00' }],
    ['the same header twice', { 'x-signature': [`sha256=${hmac(SECRET)}`, `sha256=${hmac(SECRET)}`] }],
  ])('is not there with %s', (_, headers) => {
    expect(isSigned(headers, BODY, SECRET)).toBe(false);
  });

  it('is never there without a secret', () => {
    expect(isSigned({ 'x-hub-signature-256': `sha256=${hmac('')}`, 'x-gitlab-token': '' }, BODY, '')).toBe(
      false,
    );
  });
});

describe('the receiver of webhooks', () => {
  let server: WebhookServer | undefined;
  const asked: string[] = [];
  let nowMs = 0;

  async function post(path: string, init: RequestInit = {}): Promise<number> {
    server ??= await startWebhooks({
      host: '127.0.0.1',
      port: 0,
      secret: SECRET,
      lookAt: (name) => {
        asked.push(name);
        return name === 'infra';
      },
      nowMs: () => nowMs,
      log: { info: () => undefined, warn: () => undefined },
    });
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, {
      method: 'POST',
      body: BODY,
      ...init,
    });
    await answer.text();
    return answer.status;
  }
  /** The same, signed, from another address of this host. */
  const postFrom = (localAddress: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const to = {
        host: '127.0.0.1',
        port: server?.port,
        path: '/hooks/infra',
        method: 'POST',
        localAddress,
      };
      const sent = request({ ...to, headers: signed.headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      sent.on('error', reject);
      sent.end(BODY);
    });
  const signed = { headers: { 'x-hub-signature-256': `sha256=${hmac(SECRET)}` } };

  afterEach(async () => {
    await server?.close();
    server = undefined;
    asked.length = 0;
    nowMs = 0;
  });

  it('has a repository looked at, and again when the same comes again', async () => {
    expect([await post('/hooks/infra', signed), await post('/hooks/infra', signed)]).toEqual([202, 202]);
    expect(asked).toEqual(['infra', 'infra']);
  });

  it('knows a delivery that comes again by its id, for ten minutes, and does nothing then', async () => {
    const delivery = (id: string, path = '/hooks/infra') =>
      post(path, { headers: { ...signed.headers, 'x-github-delivery': id } });
    expect(await delivery('a', '/hooks/other')).toBe(404);
    expect([await delivery('a'), await delivery('a'), await delivery('b')]).toEqual([202, 200, 202]);
    expect(asked).toEqual(['other', 'infra', 'infra']);
    nowMs += 9 * 60_000;
    expect(await delivery('a')).toBe(200);
    nowMs += 60_000;
    expect(await delivery('a')).toBe(202);
  });

  it('remembers only deliveries that were signed, and no more than a thousand', async () => {
    const forged = { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}`, 'x-gitea-delivery': 'c' };
    expect(await post('/hooks/infra', { headers: forged })).toBe(401);
    expect(await post('/hooks/infra', { headers: { ...signed.headers, 'x-gitea-delivery': 'c' } })).toBe(202);
    const deliveries = new Deliveries(() => 0);
    for (let count = 0; count <= 1000; count += 1) deliveries.note('infra', String(count));
    expect(['0', '1', '1000'].map((id) => deliveries.has('infra', id))).toEqual([false, true, true]);
    expect(deliveries.has('other', '1')).toBe(false);
  });

  it('does nothing without a proof, and does not tell which repositories there are', async () => {
    expect([await post('/hooks/infra'), await post('/hooks/other')]).toEqual([401, 401]);
    expect(asked).toEqual([]);
    expect(await post('/hooks/other', signed)).toBe(404);
  });

  it('takes nothing but a POST to a hook', async () => {
    expect(await post('/hooks/infra', { method: 'GET', body: null, ...signed })).toBe(404);
    expect(await post('/v1alpha1/stacks', signed)).toBe(404);
    expect(await post('/hooks/..%2finfra', signed)).toBe(404);
    expect(asked).toEqual([]);
  });

  it('refuses a body that is huge, before it is read', async () => {
    const status = await post('/hooks/infra', { ...signed, body: Buffer.alloc(2 * 1024 * 1024) }).catch(
      () => 413,
    );
    expect(status).toBe(413);
    expect(asked).toEqual([]);
  });

  it('lets one address that floods it keep no other out', async () => {
    for (let count = 0; count < 35; count += 1) await post('/hooks/infra');
    expect(await post('/hooks/infra', signed)).toBe(429);
    expect(await postFrom('127.0.0.2')).toBe(202);
  });

  it('refuses what comes too often, and takes it again later', async () => {
    const statuses = [];
    for (let count = 0; count < 35; count += 1) statuses.push(await post('/hooks/infra', signed));
    expect(statuses.filter((status) => status === 202)).toHaveLength(30);
    expect(statuses.filter((status) => status === 429)).toHaveLength(5);
    nowMs += 1000;
    expect(await post('/hooks/infra', signed)).toBe(202);
  });
});
