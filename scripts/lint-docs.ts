import { LINT_CATEGORIES, type LintCategory, type RuleHead } from '../src/lint/finding.ts';
import { RULE_HEADS } from '../src/lint/rules.ts';

/** What hardening lists ask for, and the rules that look for it. */
export const HARDENING: readonly (readonly [item: string, rules: readonly string[], more?: string])[] = [
  ['Databases have no published ports', ['database-port-published', 'database-port-on-loopback']],
  [
    'Keys and passwords stand in no manifest and no Dockerfile',
    [
      'secret-in-environment',
      'secret-in-build-args',
      'secret-in-labels',
      'secret-in-command',
      'secret-in-config',
      'secret-as-default',
      'dockerfile-secret',
    ],
  ],
  ['Secrets come as files, not in the environment', ['secret-as-variable', 'well-known-password']],
  ['`.env`, `secrets/` and keys are in `.gitignore`', ['env-file-not-ignored', 'secret-file-not-ignored']],
  [
    '`.env` stays out of images and away from other users',
    ['env-file-in-build-context', 'env-file-readable-by-all'],
  ],
  ['The root file system is read-only', ['writable-root']],
  ['Capabilities are dropped', ['capabilities-not-dropped', 'dangerous-capability', 'privileged']],
  ['No new privileges', ['no-new-privileges', 'security-profile-off']],
  ['Nothing runs as root', ['root-user', 'user-not-set', 'dockerfile-root-user']],
  [
    'Images are scanned for weaknesses',
    ['image-digest', 'dockerfile-unpinned-base'],
    'lint scans nothing; it sees to it that what was scanned is what runs',
  ],
  ['Image tags are pinned', ['image-latest', 'image-moving-tag', 'image-digest', 'dockerfile-unpinned-base']],
  ['Images are built in several stages', ['dockerfile-one-stage']],
  ['Layers go from what seldom changes to what often does', ['dockerfile-layer-order']],
  ['Memory and CPU time have limits', ['no-memory-limit', 'no-cpu-limit', 'no-pids-limit']],
  ['Services come back after a crash and a reboot', ['no-restart-policy', 'job-restarts-for-ever']],
  ['Logs are rotated', ['no-log-rotation']],
  [
    'Services have healthchecks, and others wait for them',
    [
      'no-healthcheck',
      'healthcheck-disabled',
      'healthcheck-always-passes',
      'healthcheck-curl-without-fail',
      'healthcheck-without-shell',
      'depends-on-without-condition',
      'waits-for-no-healthcheck',
    ],
  ],
  ['The socket of the engine is handed to nobody', ['docker-socket', 'remote-control-port-published']],
  [
    'Containers stay out of the host',
    [
      'host-network',
      'host-namespace',
      'sensitive-host-path',
      'host-device',
      'shared-mount-propagation',
      'privileged-build',
    ],
  ],
  [
    'Services are on networks of their own, not on the default bridge',
    ['default-bridge', 'default-network', 'links'],
  ],
  [
    'What faces the outside does not stand beside the databases',
    ['published-beside-database', 'one-network-for-all', 'port-on-all-addresses'],
  ],
  ['Zones of data and storage are internal', ['database-network-not-internal']],
  ['On a network that only leads out, containers do not talk (ICC off)', ['icc-not-needed']],
];

/** What dclint 3 looks for, and what does so here; `validate` is what refuses a manifest. */
export const DCLINT: readonly (readonly [theirs: string, ours: string])[] = [
  ['no-build-and-image', '`build-and-image` (off by default: `image` names what is built)'],
  ['no-duplicate-container-names', 'refused by `validate` (`DuplicateContainerName`)'],
  ['no-duplicate-exported-ports', 'refused by `validate` (`DuplicatePort`)'],
  ['no-quotes-in-volumes', 'not looked for: quotes there change nothing'],
  ['no-unbound-port-interfaces', '`port-on-all-addresses`'],
  ['no-version-field', '`version-field`'],
  ['require-project-name-field', '`project-name-missing` (off by default)'],
  ['require-quotes-in-ports', '`port-not-quoted`, where it can be misread'],
  ['service-container-name-regex', 'refused by `validate`'],
  ['service-dependencies-alphabetical-order', '`depends-on-order` (off by default)'],
  ['service-image-require-explicit-tag', '`image-latest`'],
  ['service-keys-order', '`service-keys-order` (off by default)'],
  ['service-ports-alphabetical-order', '`ports-order` (off by default)'],
  ['services-alphabetical-order', '`services-order` (off by default)'],
  ['top-level-properties-order', '`top-level-order` (off by default)'],
];

const CATEGORIES: Readonly<Record<LintCategory, string>> = {
  security: 'Security',
  reliability: 'Reliability',
  style: 'Style',
};

/** docs/lint.md, whole. */
export function renderLintDocs(): string {
  return [
    INTRODUCTION,
    ...LINT_CATEGORIES.flatMap((category) => [
      `## ${CATEGORIES[category]}`,
      '',
      ...RULE_HEADS.filter((rule) => rule.category === category).flatMap(renderRule),
    ]),
    '## Hardening lists, item by item',
    '',
    'What guides to running containers ask for, and the rules that look for it.',
    '',
    '| item | rules |',
    '| --- | --- |',
    ...HARDENING.map(
      ([item, rules, more]) =>
        `| ${item} | ${rules.map(linkTo).join(', ')}${more === undefined ? '' : `: ${more}`} |`,
    ),
    '',
    '## Beside dclint',
    '',
    'The rules of [dclint](https://github.com/zavoloklom/docker-compose-linter), a linter of Compose files, and what does the same here.',
    '',
    '| dclint | here |',
    '| --- | --- |',
    ...DCLINT.map(([theirs, ours]) => `| \`${theirs}\` | ${ours} |`),
    '',
  ].join('\n');
}

const linkTo = (id: string): string => `[\`${id}\`](#${id})`;

function renderRule({
  id,
  severity,
  title,
  reason,
  fix,
  reference,
  isOptional,
}: RuleHead): readonly string[] {
  const how = isOptional === true ? `${severity}, off by default` : severity;
  return [
    `### ${id}`,
    '',
    `${how}: ${title}. ${reason}`,
    '',
    `- what to write: ${fix}`,
    ...(reference === undefined ? [] : [`- more: <${reference}>`]),
    '',
  ];
}

const INTRODUCTION = `<!-- Written by scripts/write-lint-docs.ts from the rules themselves. -->
# Lint

\`stackctl lint\` holds manifests against what is known about running containers: what is open that need not be, what is
missing when something breaks, what is left over. All of it is advice: lint changes nothing and refuses nothing. What
an operator wants to be refused, a [policy](policy.md) refuses.

    stackctl lint stacks/                      # every stack of a directory
    stackctl lint stacks/ -o wide              # and what to write instead
    stackctl lint stacks/ --severity error     # fail for errors only
    stackctl lint stacks/ -o sarif > lint.sarif
    stackctl lint --list-rules

It needs neither a daemon nor an engine. It exits with 1 when something is found that is as bad as \`--severity\` (default
\`warning\`), or when a manifest cannot be read. \`--rule\` asks only some rules, \`--ignore\` leaves some out. A finding
stands where its field was written, also when that came by an anchor, an \`extends\` or an \`include\`; what is missing is
told at the service that misses it.

When all went well, \`stackctl apply\` says at its very end how much lint finds in what was applied, and names the worst.
That changes neither what was done nor the exit code; \`--no-lint\` does without.

An \`error\` is a hole or a fault, a \`warning\` is to be put right, an \`info\` is worth a thought. Values of secrets are
never shown.

## Waive what is meant

Some findings are right, and meant. Say so where it is, and why:

\`\`\`yaml
apiVersion: stackctl.io/v1alpha1
kind: Stack
metadata:
  name: shop
  annotations:
    stackctl.io/lint-ignore: >-
      image-digest (all images are built on this host),
      writable-root@legacy (it writes beside its programs)
spec:
  services:
    legacy:
      image: shop/legacy:4
      x-stackctl:
        lint:
          ignore:
            - no-cpu-limit
            - rule: user-not-set
              reason: the image sets it
\`\`\`

The annotation takes a list of \`RULE\` or \`RULE@OBJECT\`, each with a reason in parentheses; the object is a service, a
network, a volume, a config or a secret. A service has a list of its own; a plain Compose file can have the same list
at its top level. What is waived is counted, and is in \`-o json\` and \`-o sarif\` with its reason. A waiver that nothing
needs, or that names no rule, is a finding itself, so that waivers do not outlive what they were for.
`;
