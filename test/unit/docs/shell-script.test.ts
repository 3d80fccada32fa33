import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { blocksOf } from './markdown.ts';
import { runnable, scriptOf } from './shell-script.ts';

function runDocument(markdown: string) {
  return spawnSync('bash', ['-c', scriptOf(runnable(blocksOf(markdown)))], { encoding: 'utf8' });
}

describe('commands of a document, run as one script', () => {
  it('share one shell from block to block', () => {
    const ran = runDocument('```sh\nname=world\n```\ntext\n```sh\necho hello $name\n```\n');
    expect([ran.status, ran.stdout]).toEqual([0, 'hello world\n']);
  });

  it('fail with the line of the document where a command fails', () => {
    const ran = runDocument('# title\n\n```sh\ntrue\nfalse\necho never\n```\n');
    expect(ran.status).not.toBe(0);
    expect(ran.stderr).toContain('line 5 of the document');
    expect(ran.stdout).toBe('');
  });

  it('must exit as the comment behind them says', () => {
    expect(runDocument('```sh\nfalse   # exits 1: it differs\n```\n').status).toBe(0);
    expect(runDocument('```sh\ntrue    # exits 1: it differs\n```\n').status).not.toBe(0);
    expect(runDocument('```sh\nfalse   # exits 0: it does not\n```\n').status).not.toBe(0);
  });

  it('end what they put into the background', () => {
    const ran = runDocument('```sh\nsleep 1000 &\necho $!\n```\n');
    expect(ran.status).toBe(0);
    expect(() => process.kill(Number(ran.stdout), 0)).toThrow('ESRCH');
  });

  it('are passed over only with a reason', () => {
    expect(runDocument('<!-- not run: why -->\n```sh\nfalse\n```\n').status).toBe(0);
    expect(runDocument('<!-- not run -->\n```sh\nfalse\n```\n').status).not.toBe(0);
  });
});
