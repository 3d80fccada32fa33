import { describe, expect, it } from 'vitest';
import { webContainer, webFaults } from './example.ts';

describe('security', () => {
  it('spells capabilities in one way, sorted', () => {
    const { host } = webContainer({ cap_add: ['sys_time', 'CAP_NET_ADMIN', 'NET_ADMIN'], cap_drop: ['all'] });
    expect(host).toEqual({ CapAdd: ['NET_ADMIN', 'SYS_TIME'], CapDrop: ['ALL'] });
  });

  it('spells options in one way, sorted', () => {
    const { host } = webContainer({
      security_opt: ['no-new-privileges', 'label:role:ROLE', 'apparmor=unconfined'],
    });
    expect(host.SecurityOpt).toEqual(['apparmor=unconfined', 'label:role:ROLE', 'no-new-privileges=true']);
  });

  it('sends the text of a seccomp profile, whatever its layout', () => {
    const files = { '/srv/demo/profile.json': '{ "defaultAction":\n "SCMP_ACT_ALLOW" }' };
    const { host } = webContainer({ security_opt: ['seccomp:profile.json'] }, { files });
    expect(host.SecurityOpt).toEqual(['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}']);
    expect(webContainer({ security_opt: ['seccomp=unconfined'] }).host.SecurityOpt).toEqual([
      'seccomp=unconfined',
    ]);
  });

  it('refuses a seccomp profile that is missing or no JSON', () => {
    expect(webFaults({ security_opt: ['seccomp=gone.json'] })).toEqual([
      'FileUnreadable services.web.security_opt[0]',
    ]);
    expect(webFaults({ security_opt: ['seccomp=/p'] }, { files: { '/p': 'x' } })).toEqual([
      'InvalidSeccompProfile services.web.security_opt[0]',
    ]);
  });

  it('unmasks the system paths in the words of the engine', () => {
    const { host } = webContainer({ security_opt: ['systempaths=unconfined'] });
    expect(host).toEqual({ MaskedPaths: [], ReadonlyPaths: [] });
  });

  it('is privileged or read-only only when asked', () => {
    expect(webContainer({ privileged: true, read_only: true }).host).toEqual({
      Privileged: true,
      ReadonlyRootfs: true,
    });
    expect(webContainer({ privileged: false, read_only: false }).host).toEqual({});
  });
});
