import type { RepositoryReason } from '../../model/repository.ts';

/** Why a repository's state could not be taken over; what was in force stays so. */
export class GitFault extends Error {
  readonly reason: RepositoryReason;
  readonly hint: string | undefined;
  /** The same commit may be taken another time: what is in the way is not of the commit. */
  readonly mayPass: boolean;

  constructor(reason: RepositoryReason, message: string, hint?: string, mayPass = false) {
    super(message);
    this.name = 'GitFault';
    this.reason = reason;
    this.hint = hint;
    this.mayPass = mayPass;
  }
}

const LONGEST_MESSAGE = 300;

/** What Git or a remote said, fit to be shown: one line, bounded, without control characters and credentials. */
export function shown(text: string): string {
  const lines = text
    .split('\n')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken away.
    .map((line) => line.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g, ' ').trim())
    .filter((line) => line !== '');
  const telling = lines.filter((line) =>
    /^(fatal|error|ERROR|remote error|ssh|.*denied|Host key)/i.test(line),
  );
  const line = (telling.length > 0 ? telling : lines).slice(-2).join('; ');
  return line.replace(/:\/\/[^/@\s]*@/g, '://').slice(0, LONGEST_MESSAGE);
}

const AUTHENTICATION =
  /could not read (Username|Password)|Authentication failed|terminal prompts disabled|Permission denied|HTTP 40[13]|returned error: 40[13]|Access denied|invalid credentials/i;
const HOST_KEY = /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/i;
const NO_REF = /couldn't find remote ref|not our ref|unadvertised object/i;
const BAD_OBJECTS =
  /fsck error|badTree|hasDotgit|hasDot|fullPathname|gitmodules|unpack-objects failed|invalid index-pack output/i;

/** What a failed call of Git means. */
export function faultOf(stderr: string, what: string): GitFault {
  const said = shown(stderr);
  const message = `${what}: ${said === '' ? 'Git failed without a word' : said}`;
  if (HOST_KEY.test(stderr)) {
    return new GitFault(
      'AuthenticationFailed',
      message,
      'compare the host’s key with known_hosts of the secret',
    );
  }
  if (AUTHENTICATION.test(stderr)) {
    return new GitFault('AuthenticationFailed', message, 'give credentials in secretRef, or renew them');
  }
  if (NO_REF.test(stderr)) return new GitFault('RefNotFound', message, 'correct ref, or push it');
  if (BAD_OBJECTS.test(stderr)) {
    return new GitFault('ContentRefused', message, 'the repository has objects that Git does not trust');
  }
  return new GitFault('FetchFailed', message);
}
