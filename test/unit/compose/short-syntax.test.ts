import { describe, expect, it } from 'vitest';
import { parseMount } from '../../../src/compose/mounts.ts';
import { parsePort } from '../../../src/compose/ports.ts';
import { splitShellWords } from '../../../src/compose/shell-words.ts';

describe('parsePort', () => {
  const ports = (text: string) => {
    const result = parsePort(text);
    if (!result.ok) return undefined;
    return result.ports.map((port) =>
      [port.hostIp ?? '', port.published ?? '', port.target, port.protocol].join(' '),
    );
  };

  it.each([
    ['80', ['  80 tcp']],
    ['8080:80', [' 8080 80 tcp']],
    ['8080:80/UDP', [' 8080 80 udp']],
    ['8080:80/', [' 8080 80 tcp']],
    ['127.0.0.1:8080:80', ['127.0.0.1 8080 80 tcp']],
    ['127.0.0.1::80', ['127.0.0.1  80 tcp']],
    ['[::1]:8080:80', ['::1 8080 80 tcp']],
    ['8000-8001:80-81', [' 8000 80 tcp', ' 8001 81 tcp']],
    ['8000-8010:80', [' 8000-8010 80 tcp']],
    ['9-10', ['  10 tcp', '  9 tcp']],
  ])('%s', (text, expected) => {
    expect(ports(text)).toEqual(expected);
  });

  it.each([
    '',
    ':80:',
    'a',
    '80/icmp',
    '1-3:1-2',
    '70000',
    '5-4',
    'localhost:80:80',
    '300.1.1.1:80:80',
    '::1:80:80',
  ])('refuses %j', (text) => {
    expect(parsePort(text).ok).toBe(false);
  });
});

describe('parseMount', () => {
  it.each([
    ['/data', { type: 'volume', source: undefined, target: '/data' }],
    ['v1:/data', { type: 'volume', source: 'v1', target: '/data', readOnly: false }],
    ['./d:/data:ro', { type: 'bind', source: './d', readOnly: true }],
    ['~/d:/data:ro,rw', { type: 'bind', readOnly: false }],
    ['v1:/data:nocopy', { type: 'volume', noCopy: true }],
    ['/d:/data:z,rslave', { type: 'bind', selinux: 'z', propagation: 'rslave' }],
    ['v:/b', { type: 'volume', source: undefined, target: 'v:/b' }],
    ['C:\\data:/data', { type: 'bind', source: 'C:\\data', target: '/data' }],
  ])('%s', (text, expected) => {
    const result = parseMount(text);
    expect(result).toMatchObject({ ok: true, mount: expected });
  });

  it.each(['', 'ab::c', '/a:/b:ro:x', ':/data'])('refuses %j', (text) => {
    expect(parseMount(text).ok).toBe(false);
  });
});

describe('splitShellWords', () => {
  it.each([
    ['echo hello  world', ['echo', 'hello', 'world']],
    ['sh -c "echo \'a b\'"', ['sh', '-c', "echo 'a b'"]],
    ["a'b c'd", ['ab cd']],
    ['a\\ b "\\n"', ['a b', 'n']],
    ['""', ['']],
    ['$(date +%s) `x y`', ['$(date +%s)', '`x y`']],
    ['', []],
  ])('%s', (line, words) => {
    expect(splitShellWords(line)).toEqual({ ok: true, words });
  });

  it('says where an operator of a shell cuts the command off', () => {
    expect(splitShellWords('echo a && echo b')).toEqual({ ok: true, words: ['echo', 'a'], cutAt: 7 });
    expect(splitShellWords('run 2>err')).toEqual({ ok: true, words: ['run'], cutAt: 5 });
  });

  it.each(['"open', "it's", 'a\\', '(a)', 'a)'])('refuses %j', (line) => {
    expect(splitShellWords(line).ok).toBe(false);
  });
});
