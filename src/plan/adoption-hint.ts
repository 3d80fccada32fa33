import type { Scope } from './scope.ts';

/** What to do about something of a docker compose project that is in the way. */
export function adoptionHint(scope: Scope, project: string): string {
  const down = `take it down first (docker compose -p ${project} down keeps its volumes)`;
  return project === scope.desired.project
    ? `it is of the docker compose project ${project}: take it over without a restart (stackctl adopt ${project}), or ${down}`
    : `it is of the docker compose project ${project}: ${down}`;
}
