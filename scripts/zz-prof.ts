import { runCase } from '../test/support/simulation/case.ts';
import { SCENARIOS } from '../test/support/simulation/scenarios.ts';

const t0 = process.cpuUsage();
let n = 0;
for (let r = 0; r < 3; r++)
  for (const s of SCENARIOS) {
    await runCase({
      ...s,
      profile: '28',
      seed: r,
      injections: [{ at: 'write', number: 1 + r, crash: 'after' }],
    });
    n++;
  }
const t = process.cpuUsage(t0);
console.log(n, 'cases', ((t.user + t.system) / 1000 / n).toFixed(1), 'ms cpu each');
