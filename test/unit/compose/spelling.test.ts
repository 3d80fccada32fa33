import { describe, expect, it } from 'vitest';
import { nearestName } from '../../../src/compose/spelling.ts';

describe('what a mistyped name most likely means', () => {
  const fields = ['image', 'environment', 'env_file', 'depends_on', 'ports', 'pid', 'uts', 'container_name'];

  it.each([
    ['imagee', 'image'],
    ['iamge', 'image'],
    ['enviroment', 'environment'],
    ['dependsOn', 'depends_on'],
    ['Container-Name', 'container_name'],
    ['port', 'ports'],
    ['pdi', 'pid'],
    ['uts', 'uts'],
  ])('%s means %s', (word, meant) => {
    expect(nearestName(word, fields)).toBe(meant);
  });

  it.each([['zzz'], ['command'], [''], ['x'.repeat(10_000)]])('%j means none of them', (word) => {
    expect(nearestName(word, fields)).toBeUndefined();
  });
});
