import { test } from 'vitest';
import { engineFor } from '../support/arbitraries.ts';
import { stack } from '../support/builders.ts';
import { pass, text } from '../support/passes.ts';
const words = (subnet: string) => ({ services: {}, networks: { default: {}, back: { pools: [{ subnet, auxAddresses: {} }] } } });
test('dbg', async () => {
  const e = engineFor('20.10');
  await pass(e, stack(words('10.10.0.0/24')));
  e.hands.run('guest', { networks: { demo_back: { aliases: ['guest'] } } });
  for (let i = 0; i < 3; i++) { const r = await pass(e, stack(words('10.11.0.0/24'))); console.log(text(r.plan).join('\n')); for (const o of r.outcomes) console.log(o.result, o.result === 'failed' ? o.failure.message : ''); }
});
