import {
  type Dockerfile,
  dockerfileOf,
  type Instruction,
  inherited,
  type Stage,
  userOf,
} from '../dockerfile.ts';
import { imageName, isMadeHere } from '../image-name.ts';
import { inServices, type LintInput, type LintRule } from '../rule.ts';
import { isSecretName, isWrittenOut, looksSecret } from '../secrets.ts';

/** What is wrong at one place of a Dockerfile. */
interface Fault {
  readonly message: string;
  readonly at: Instruction['at'];
}

/** Faults of the Dockerfile of each service that is built here. */
function inDockerfiles(input: LintInput, check: (dockerfile: Dockerfile, last: Stage) => readonly Fault[]) {
  return inServices(input, ({ service, at }) => {
    const dockerfile = dockerfileOf(service, input.files);
    if (dockerfile?.last === undefined) return [];
    return check(dockerfile, dockerfile.last).map((fault) => ({ path: `${at}.build.dockerfile`, ...fault }));
  });
}

const rootUser: LintRule = {
  id: 'dockerfile-root-user',
  severity: 'warning',
  category: 'security',
  title: 'a Dockerfile whose image runs as root',
  reason: 'Root in a container is root on the host, kept in by the kernel alone.',
  fix: 'add RUN adduser --disabled-password app, and USER app as the last but one line',
  check: (input) =>
    inServices(input, ({ service, at }) => {
      const dockerfile = dockerfileOf(service, input.files);
      const last = dockerfile?.last;
      if (dockerfile === undefined || last === undefined || (service.user ?? '') !== '') return [];
      const user = userOf(dockerfile, last);
      if (user !== undefined && !/^(root|0+)(:|$)/.test(user)) return [];
      const said = inherited(dockerfile, last, ({ name }) => name === 'USER');
      const message =
        user === undefined
          ? 'no USER is given: the base decides, which mostly means root'
          : `USER is ${user}`;
      return [{ path: `${at}.build.dockerfile`, message, at: (said ?? last.from).at }];
    }),
};

const unpinned: LintRule = {
  id: 'dockerfile-unpinned-base',
  severity: 'warning',
  category: 'reliability',
  title: 'a Dockerfile builds on whatever is newest',
  reason: 'Two builds of the same files give two programs, and an update of the base breaks one of them.',
  fix: 'name a version: FROM python:3.12.4-slim',
  check: (input) =>
    inDockerfiles(input, ({ stages }) => {
      const names = new Set(stages.flatMap(({ as }) => as ?? []));
      return stages.flatMap(({ base, from }) => {
        const isOther = base.includes('$') || base === 'scratch' || names.has(base.toLowerCase());
        const image = imageName(base);
        if (isOther || image.digest !== undefined || (image.tag !== undefined && image.tag !== 'latest'))
          return [];
        return isMadeHere(image)
          ? []
          : [{ message: `${base} is whatever is newest when it is built`, at: from.at }];
      });
    }),
};

const secret: LintRule = {
  id: 'dockerfile-secret',
  severity: 'error',
  category: 'security',
  title: 'a secret stands in a Dockerfile',
  reason: 'It is in the image, and docker history shows it to whoever has the image.',
  fix: 'use RUN --mount=type=secret while building, and a file below /run/secrets while running',
  check: (input) =>
    inDockerfiles(input, ({ head, stages }) =>
      [...head, ...stages.flatMap(({ instructions }) => instructions)].flatMap((instruction) => {
        const name = ['ENV', 'ARG'].includes(instruction.name) ? secretSetBy(instruction.text) : undefined;
        if (name !== undefined) return [{ message: `${name} holds a secret in clear`, at: instruction.at }];
        return looksSecret(instruction.text)
          ? [{ message: `${instruction.name} holds a secret in clear`, at: instruction.at }]
          : [];
      }),
    ),
};

/** The name that `ENV A=b C=d`, `ENV A b` or `ARG A=b` gives a secret to. */
function secretSetBy(text: string): string | undefined {
  const pairs = text.includes('=')
    ? [...text.matchAll(/([\w.-]+)=("[^"]*"|'[^']*'|\S*)/g)]
    : [/^(\S+)\s+(.*)$/.exec(text) ?? []];
  const isSecret = ([, name = '', value = '']: readonly string[]) =>
    isSecretName(name) && isWrittenOut(value.replace(/^["']|["']$/g, ''));
  return pairs.find(isSecret)?.[1];
}

/** Commands that fetch what a program depends on. */
const INSTALL =
  /\b(pip3? install|npm (ci|install)|yarn( install|\s*$)|pnpm (i|install)|bundle install|composer install|go mod download|cargo fetch|poetry install|uv sync)\b/;
const isWholeCopy = ({ name, text }: Instruction): boolean =>
  name === 'COPY' && /^(--(?!from)\S+\s+)*\.\/?\s/.test(text);

const layerOrder: LintRule = {
  id: 'dockerfile-layer-order',
  severity: 'info',
  category: 'reliability',
  title: 'a Dockerfile copies everything before it installs',
  reason: 'Every change of any file makes the build install everything again.',
  fix: 'copy the list of dependencies first, install, and copy the rest after that',
  check: (input) =>
    inDockerfiles(input, ({ stages }) =>
      stages.flatMap(({ instructions }) => {
        const copy = instructions.findIndex(isWholeCopy);
        const install = instructions.findIndex(({ name, text }) => name === 'RUN' && INSTALL.test(text));
        const found = instructions[copy];
        if (found === undefined || install === -1 || install < copy) return [];
        return [{ message: 'everything is copied before dependencies are installed', at: found.at }];
      }),
    ),
};

const TOOLS =
  /\b(build-essential|gcc|g\+\+|make|cargo build|go build|mvn|gradle|npm run build|yarn build|pnpm build|dotnet publish)\b/;

const oneStage: LintRule = {
  id: 'dockerfile-one-stage',
  severity: 'info',
  category: 'security',
  title: 'a Dockerfile leaves its build tools in the image',
  reason: 'Compilers and sources make the image large, and are handy for whoever gets in.',
  fix: 'build in a first stage, and COPY --from it what is needed',
  check: (input) =>
    inDockerfiles(input, ({ stages }) => {
      const [only, ...others] = stages;
      const tool = only?.instructions.find(({ name, text }) => name === 'RUN' && TOOLS.test(text));
      if (others.length > 0 || tool === undefined) return [];
      return [{ message: 'it compiles in the stage that runs', at: tool.at }];
    }),
};

const remoteAdd: LintRule = {
  id: 'dockerfile-remote-add',
  severity: 'warning',
  category: 'security',
  title: 'a Dockerfile adds what an address serves',
  reason: 'Whoever has the address decides what is in the image.',
  fix: 'say what is expected: ADD --checksum=sha256:…',
  check: (input) =>
    inDockerfiles(input, ({ stages }) =>
      stages
        .flatMap(({ instructions }) => instructions)
        .filter(
          ({ name, text }) => name === 'ADD' && /\bhttps?:\/\//.test(text) && !text.includes('--checksum'),
        )
        .map(({ at }) => ({ message: 'nothing says what the download has to be', at })),
    ),
};

/** How images of the stack are made. */
export const dockerfileRules: readonly LintRule[] = [
  rootUser,
  unpinned,
  secret,
  layerOrder,
  oneStage,
  remoteAdd,
];
