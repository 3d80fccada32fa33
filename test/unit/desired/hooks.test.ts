import { expect, test } from 'vitest';
import { resolve, webContainer } from './example.ts';

const image = 'app:1';

test('hooks become commands with their user, rights, directory and variables', () => {
  const { desired, faults } = resolve({
    services: {
      web: {
        image,
        post_start: [
          {
            command: ['chown', '1000', '/data'],
            user: 'root',
            privileged: true,
            working_dir: '/data',
            environment: { B: '2', A: 'one', C: null },
          },
          { command: ['true'] },
        ],
        pre_stop: [{ command: ['drain'], privileged: false }],
      },
    },
  });
  expect(faults).toEqual([]);
  expect(desired.services[0]?.containers[0]?.hooks).toEqual({
    postStart: [
      {
        command: ['chown', '1000', '/data'],
        user: 'root',
        privileged: true,
        workingDir: '/data',
        env: ['A=one', 'B=2', 'C'],
      },
      { command: ['true'], env: [] },
    ],
    preStop: [{ command: ['drain'], env: [] }],
  });
});

test('without hooks the hash is what it always was, and with them another', () => {
  const hash = (service: object) => webContainer({ image, ...service }).specHash;
  expect(hash({ post_start: [], pre_stop: [] })).toBe(hash({}));
  expect(hash({ pre_stop: [{ command: ['true'] }] })).not.toBe(hash({}));
  expect(hash({ pre_stop: [{ command: ['true'] }] })).not.toBe(hash({ post_start: [{ command: ['true'] }] }));
});

test('a hook without a command is a fault, at its place', () => {
  const { faults } = resolve({
    services: { web: { image, post_start: [{ command: ['true'] }, { command: [] }] } },
  });
  expect(faults).toEqual(['EmptyCommand services.web.post_start[1].command']);
});
