import type { ComposeService } from '../compose/model.ts';
import { OUR_PREFIX } from '../model/labels.ts';
import type { Report } from './report.ts';

/** Below it, labels are Compose's to set; the Compose specification forbids manifests to use them. */
const COMPOSE_PREFIX = 'com.docker.compose.';

/** `demo-web-1`, as docker compose names it, or what `container_name` says. */
export function containerName(project: string, service: string, ordinal: number, given?: string): string {
  return given ?? `${project}-${service}-${ordinal}`;
}

/** What the engine takes as a name of a container, and of a volume of its own driver. */
const ENGINE_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;
/** It takes any name of a network; these would be another path in its API, or show as something else than they are. */
const CONFUSING = /^\.{1,2}$|[/\p{C}]/u;

/**
 * Refuses a name that the engine would refuse half-way, or that is made to be mistaken. `strict`: containers and
 * volumes, for which the engine has a pattern.
 */
export function checkName(
  name: string,
  { path, report, strict }: { readonly path: string; readonly report: Report; readonly strict: boolean },
): void {
  if (strict ? ENGINE_NAME.test(name) : !CONFUSING.test(name)) return;
  report.error(path, {
    code: 'InvalidName',
    message: `${JSON.stringify(name)} cannot be the name of anything on the engine`,
    hint: strict
      ? 'write two or more letters, digits, "_", "." or "-", the first one a letter or digit'
      : 'leave out slashes and characters that are not seen',
  });
}

/** The image of a service: what it says, or the name docker compose gives to what it builds. */
export function imageName(project: string, name: string, service: ComposeService): string {
  return service.image ?? `${project}-${name}`;
}

/**
 * A manifest's own labels. Those that tell whose an object is are refused: who could set them could make
 * us change or remove what is not ours.
 */
export function ownLabels(
  labels: Readonly<Record<string, string>> | undefined,
  path: string,
  report: Report,
): Readonly<Record<string, string>> {
  for (const label of Object.keys(labels ?? {})) {
    const prefix = [OUR_PREFIX, COMPOSE_PREFIX].find((reserved) => label.startsWith(reserved));
    if (prefix === undefined) continue;
    report.error(`${path}.${label}`, {
      code: 'ReservedLabel',
      message: `labels below ${prefix} tell whose an object is and cannot be set in a manifest`,
      hint: 'use a label of another name',
    });
  }
  return labels ?? {};
}
