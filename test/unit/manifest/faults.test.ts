import { describe, expect, it } from 'vitest';
import { brief, faultsOf } from './in-memory.ts';

const envelope = (spec: string, name = 'demo'): string =>
  `apiVersion: stackctl.io/v1alpha1\nkind: Stack\nmetadata:\n  name: ${name}\nspec:\n${spec}`;

interface Case {
  readonly title: string;
  readonly tree: Readonly<Record<string, string>>;
  readonly expected: string;
  readonly hint: string;
}

const cases: readonly Case[] = [
  {
    title: 'an unknown field of a service',
    tree: { 'demo/compose.yaml': 'services:\n  web:\n    imagee: nginx\n    image: nginx\n' },
    expected: 'demo/compose.yaml:3:5 UnknownField services.web.imagee',
    hint: 'did you mean "image"?',
  },
  {
    title: 'an unknown field in the Compose part of an envelope',
    tree: { 'a.yaml': envelope('  services:\n    web:\n      image: nginx\n      restrat: always\n') },
    expected: 'a.yaml:9:7 UnknownField services.web.restrat',
    hint: 'did you mean "restart"?',
  },
  {
    title: 'an unknown control field',
    tree: { 'a.yaml': envelope('  dependOn: []\n  services: {}\n') },
    expected: 'a.yaml:6:3 UnknownField spec.dependOn',
    hint: 'did you mean "dependsOn"?',
  },
  {
    title: 'a value of the wrong type',
    tree: { 'demo/compose.yaml': 'services:\n  web:\n    image: nginx\n    cap_add: NET_ADMIN\n' },
    expected: 'demo/compose.yaml:4:14 WrongType services.web.cap_add',
    hint: 'write "- " before it, on a line of its own',
  },
  {
    title: 'a control field of the wrong type',
    tree: { 'a.yaml': envelope('  interval: 30\n  services: {}\n') },
    expected: 'a.yaml:6:13 WrongType spec.interval',
    hint: 'write the unit: "30s"',
  },
  {
    title: 'a duplicate key',
    tree: { 'demo/compose.yaml': 'services:\n  web:\n    image: a\n    image: b\n' },
    expected: 'demo/compose.yaml:4:5 DuplicateKey services.web.image',
    hint: 'keep one of the two',
  },
  {
    title: 'an undefined network',
    tree: {
      'demo/compose.yaml': 'services:\n  web:\n    image: a\n    networks: [bakc]\nnetworks:\n  back:\n',
    },
    expected: 'demo/compose.yaml:4:16 UndefinedNetwork services.web.networks.bakc',
    hint: 'did you mean back?',
  },
  {
    title: 'an empty Compose file',
    tree: { 'demo/compose.yaml': '\n\n' },
    expected: 'demo/compose.yaml:1:1 EmptyFile',
    hint: 'add "services:", or remove the file',
  },
  {
    title: 'half a file',
    tree: { 'a.yaml': envelope('  services:\n    web:\n      image: "ngin') },
    expected: 'a.yaml:8:19 InvalidYaml',
    hint: 'check the indentation, the quotes and the brackets around this place',
  },
  {
    title: 'a __proto__ key',
    tree: {
      'demo/compose.yaml': 'services:\n  web:\n    image: a\n    __proto__:\n      privileged: true\n',
    },
    expected: 'demo/compose.yaml:4:5 ReservedKey services.web',
    hint: 'give it another name',
  },
  {
    title: 'a list at the top of a Compose file',
    tree: { 'demo/compose.yaml': '- services: {}\n' },
    expected: 'demo/compose.yaml:1:1 WrongType',
    hint: 'start the file with "services:"',
  },
  {
    title: 'a list of envelopes',
    tree: { 'a.yaml': '- apiVersion: stackctl.io/v1alpha1\n  kind: Stack\n' },
    expected: 'a.yaml:1:1 WrongType',
    hint: 'write each object as a document of its own, with a line "---" between them',
  },
  {
    title: 'a mistyped kind',
    tree: { 'a.yaml': 'apiVersion: stackctl.io/v1alpha1\nkind: Stak\nmetadata: {name: a}\nspec: {}\n' },
    expected: 'a.yaml:2:7 UnknownKind kind',
    hint: 'did you mean "Stack"?',
  },
  {
    title: 'a kind there is none of',
    tree: { 'a.yaml': 'apiVersion: stackctl.io/v1alpha1\nkind: Deployment\nmetadata: {name: a}\nspec: {}\n' },
    expected: 'a.yaml:2:7 UnknownKind kind',
    hint: 'known kinds: Stack, GitRepository, ReachabilityPolicy',
  },
  {
    title: 'a version there is none of',
    tree: {
      'a.yaml': 'apiVersion: stackctl.io/v9\nkind: Stack\nmetadata: {name: a}\nspec: {services: {}}\n',
    },
    expected: 'a.yaml:1:13 UnknownApiVersion apiVersion',
    hint: 'write stackctl.io/v1alpha1',
  },
  {
    title: 'a mistyped group',
    tree: {
      'a.yaml': 'apiVersion: stakctl.io/v1alpha1\nkind: Stack\nmetadata: {name: a}\nspec: {services: {}}\n',
    },
    expected: 'a.yaml:1:13 UnknownApiVersion apiVersion',
    hint: 'write stackctl.io/v1alpha1',
  },
  {
    title: 'a Stack without apiVersion',
    tree: { 'a.yaml': 'kind: Stack\nmetadata: {name: a}\nspec: {services: {}}\n' },
    expected: 'a.yaml:1:1 MissingField apiVersion',
    hint: 'add "apiVersion"',
  },
  {
    title: 'a Stack without a name',
    tree: {
      'a.yaml':
        'apiVersion: stackctl.io/v1alpha1\nkind: Stack\nmetadata:\n  labels: {}\nspec: {services: {}}\n',
    },
    expected: 'a.yaml:4:3 MissingField metadata.name',
    hint: 'add "name"',
  },
  {
    title: 'a name that no project can have',
    tree: { 'a.yaml': envelope('  services: {}\n', 'My.Stack') },
    expected: 'a.yaml:4:9 InvalidValue metadata.name',
    hint: 'write up to 63 lower-case letters, digits, "-" and "_", starting with a letter or a digit',
  },
  {
    title: 'a Stack that says nothing about what runs',
    tree: { 'a.yaml': envelope('  prune: false\n') },
    expected: 'a.yaml:6:3 MissingField spec',
    hint: 'add "services", or "composeFiles" with the names of Compose files',
  },
  {
    title: 'a Compose file that is not there',
    tree: { 'a.yaml': envelope('  composeFiles: [missing.yaml]\n') },
    expected: 'a.yaml:6:18 FileNotFound',
    hint: 'check the path: it is relative to the directory of the project',
  },
  {
    title: 'a reserved label of a stack',
    tree: {
      'a.yaml':
        'apiVersion: stackctl.io/v1alpha1\nkind: Stack\nmetadata:\n  name: a\n  labels:\n    io.stackctl.stack: b\nspec: {services: {}}\n',
    },
    expected: 'a.yaml:6:5 ReservedLabel metadata.labels.io.stackctl.stack',
    hint: 'choose a name that does not start with "io.stackctl."',
  },
  {
    title: 'a reserved label of a volume',
    tree: {
      'demo/compose.yaml':
        'services:\n  web: {image: a, volumes: ["data:/d"]}\nvolumes:\n  data:\n    labels:\n      - io.stackctl.stack=b\n',
    },
    expected: 'demo/compose.yaml:6:9 ReservedLabel volumes.data.labels[0]',
    hint: 'choose a name that does not start with "io.stackctl."',
  },
  {
    title: 'a stack that depends on itself',
    tree: { 'a.yaml': envelope('  services: {}\n  dependsOn: [{name: demo}]\n') },
    expected: 'a.yaml:7:15 DependencyCycle spec.dependsOn[0]',
    hint: 'remove it',
  },
];

describe('what a user gets for a mistake', () => {
  it.each(cases)('$title is one problem with its place and a hint', ({ tree, expected, hint }) => {
    const problems = faultsOf(tree);
    expect(problems.map(brief)).toEqual([expected]);
    expect(problems[0]?.hint).toBe(hint);
  });

  it('reports several mistakes of one file at once', () => {
    const problems = faultsOf({
      'a.yaml': envelope(
        [
          '  suspend: "no"',
          '  deletionPolicy: orphan',
          '  timeout: 5 minutes',
          '  profile: [a]',
          '  driftDetection: {mode: on, ignore: [{paths: [services.web]}]}',
          '  services: {}',
        ].join('\n'),
      ),
    });
    expect(problems.map(brief).sort()).toEqual([
      'a.yaml:10:26 InvalidValue spec.driftDetection.mode',
      'a.yaml:10:48 InvalidValue spec.driftDetection.ignore[0].paths[0]',
      'a.yaml:6:12 WrongType spec.suspend',
      'a.yaml:7:19 InvalidValue spec.deletionPolicy',
      'a.yaml:8:12 InvalidValue spec.timeout',
      'a.yaml:9:3 UnknownField spec.profile',
    ]);
  });

  it('reports mistakes of every kind in one Compose file at once', () => {
    const problems = faultsOf({
      'demo/compose.yaml': [
        'services:',
        '  web:',
        '    imgae: nginx',
        '    image: nginx',
        '    healthcheck: {tset: a}',
        '    privileged: maybe',
        '    networks: [nowhere]',
        '    labels: {io.stackctl.service: x}',
        'network: {}',
      ].join('\n'),
    });
    expect(problems.map(({ code, path }) => `${code} ${path}`).sort()).toEqual([
      'InvalidValue services.web.privileged',
      'ReservedLabel services.web.labels.io.stackctl.service',
      'UndefinedNetwork services.web.networks.nowhere',
      'UnknownField network',
      'UnknownField services.web.healthcheck.tset',
      'UnknownField services.web.imgae',
    ]);
  });
});
