import { z } from 'zod';
import { section } from '../../compose/schema/forms.ts';
import { durationSchema } from './duration.ts';
import { envelope } from './envelope.ts';

export const REPOSITORY_KIND = 'GitRepository';

const refName = (description: string) =>
  z
    .string()
    .max(255)
    .refine(isRefName, { error: 'a name as Git takes it, such as main or release/1.2' })
    .optional()
    .meta({ description });

const directoryReference = (description: string) =>
  section({
    path: z
      .string()
      .min(1)
      .max(4096)
      .refine((text) => !hasControl(text), { error: 'a path' })
      .meta({ description }),
  });

const description =
  'A Git repository whose manifests are followed. Its stacks may do what the policy lets stacks of Git do.';

const SECRET =
  'A directory that the daemon can read, a file for each: username and password, or bearerToken, ca.crt (https); identity, known_hosts (ssh). Relative to this manifest.';
const KEYS =
  'A directory that the daemon can read: allowed_signers (ssh), and public keys of GnuPG as *.asc. Relative to this manifest.';

/** In the words of Flux. */
export const repositorySchema = envelope(
  REPOSITORY_KIND,
  section({
    url: z
      .string()
      .max(2048)
      .refine(isRepositoryUrl, {
        error:
          'https://…, ssh://…, user@host:path, or file:///… of this host; http:// to this host only; without a password',
      })
      .meta({
        description:
          'Where the repository is: https, ssh, or file for one on this host. Credentials stand in secretRef.',
      }),
    ref: section({
      branch: refName('The branch to follow.'),
      tag: refName('The tag to use, instead of a branch.'),
      semver: z
        .string()
        .min(1)
        .max(255)
        .optional()
        .meta({ description: 'A range such as ">=1.2 <2": the highest tag within is used.' }),
      commit: z
        .string()
        .regex(/^[0-9a-f]{40}$/, { error: '40 hexadecimal digits, lower case' })
        .optional()
        .meta({ description: 'This commit and no other.' }),
    })
      .prefault({})
      .meta({
        description:
          'What to follow: commit goes before semver, tag and branch. Without any, what the remote’s HEAD names.',
      }),
    interval: durationSchema('How often the remote is asked whether it has something new.', '1m'),
    timeout: durationSchema('How long one operation of Git may take.', '60s'),
    path: z
      .string()
      .max(1024)
      .refine(isInnerPath, { error: 'a path inside the repository' })
      .default('')
      .meta({ description: 'The directory of the repository that has the manifests; all of it by default.' }),
    suspend: z
      .boolean()
      .default(false)
      .meta({ description: 'Stops asking the remote; what was fetched stays in force.' }),
    secretRef: directoryReference(SECRET).optional().meta({ description: 'What the remote asks for.' }),
    verify: section({
      mode: z.enum(['HEAD', 'Tag', 'TagAndHEAD']).default('HEAD').meta({
        description: 'Whether the commit, the tag that names it, or both must be signed.',
      }),
      secretRef: directoryReference(KEYS).meta({ description: 'Whose signatures count.' }),
    })
      .optional()
      .meta({ description: 'Takes only what somebody known has signed.' }),
  }).meta({ description }),
).meta({ title: REPOSITORY_KIND, description });

/** Control characters, also those of the second block. */
function hasControl(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return /[\u0000-\u001f\u007f-\u009f]/.test(text);
}

/** What `git check-ref-format` takes, and nothing that could be an option or a pattern. */
function isRefName(text: string): boolean {
  if (!/^[A-Za-z0-9_][A-Za-z0-9._/+@-]*$/.test(text)) return false;
  return !/\.\.|\/\/|@\{|\.lock(\/|$)|[./]$|\/\./.test(text);
}

function isInnerPath(text: string): boolean {
  const parts = text.replace(/^\.\//, '').split('/');
  return !text.startsWith('/') && !hasControl(text) && !parts.includes('..') && !parts.includes('.git');
}

/** Whether a repository may be asked for under this url: no program is started by it, and no password stands in it. */
function isRepositoryUrl(text: string): boolean {
  if (hasControl(text) || /[\s?#]|^-|::/.test(text)) return false;
  // As scp has it: user@host:path.
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9.-]*:(?!\/\/)[^:]+$/.test(text)) return true;
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return url.password === '' && FORMS[url.protocol]?.(url) === true;
}

const FORMS: Readonly<Record<string, (url: URL) => boolean>> = {
  'https:': ({ username }) => username === '',
  'http:': ({ username, hostname }) => username === '' && isThisHost(hostname),
  'ssh:': ({ username, hostname }) => /^[A-Za-z0-9]/.test(hostname) && !username.startsWith('-'),
  'file:': ({ hostname, pathname }) => hostname === '' && pathname.length > 1,
};

const isThisHost = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
