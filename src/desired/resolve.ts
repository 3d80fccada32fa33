import type { DesiredStack } from '../model/desired.ts';
import type { Files } from '../model/files.ts';
import { ownValue } from '../model/own-value.ts';
import type { Problem } from '../model/problem.ts';
import { checkCapabilities } from './capability-check.ts';
import { checkClashes } from './clashes.ts';
import type { ResolveRequest, ServiceContext } from './context.ts';
import { checkDependencies, startOrder } from './dependencies.ts';
import { canonicalJson, keyedDigest } from './hash.ts';
import { mergeImages } from './images.ts';
import { replicaCount } from './lifecycle.ts';
import { resolveNetworks } from './networks.ts';
import { expandPreStart } from './pre-start.ts';
import { collectProblems, type Report } from './report.ts';
import { resolveService } from './service.ts';
import { resolveVolumes } from './volumes.ts';

/**
 * What must exist on one engine for a stack: names, order, defaults and hashes, in the engine's own terms and
 * as docker compose 2.40 would ask for it. Errors among the problems forbid to use `desired`.
 */
export function resolveStack(
  asked: ResolveRequest,
  files: Files,
): { readonly desired: DesiredStack; readonly problems: readonly Problem[] } {
  const report = collectProblems(asked.locate);
  checkCapabilities(asked, report);
  const request = { ...asked, project: expandPreStart(asked.project, report) };
  const { project } = request;
  const resolved = startOrder(project).flatMap((name) => {
    checkDependencies(name, project, report);
    const context = serviceContext(request, files, { name, report });
    return context === undefined ? [] : [resolveService(context)];
  });
  const services = resolved.map(({ service }) => service);
  checkClashes(services, report);
  const content = {
    name: request.stack,
    project: project.name,
    workingDirectory: request.workingDirectory,
    configFiles: request.configFiles,
    networks: resolveNetworks(request, report),
    volumes: resolveVolumes(request, report),
    images: mergeImages(resolved.flatMap(({ images }) => images)),
    services,
    policy: request.control,
  };
  return {
    desired: { ...content, revision: revisionOf(content, request.secretKey) },
    problems: report.problems,
  };
}

function serviceContext(
  request: ResolveRequest,
  files: Files,
  { name, report }: { readonly name: string; readonly report: Report },
): ServiceContext | undefined {
  const service = ownValue(request.project.services, name);
  if (service === undefined) return undefined;
  const replicas = replicaCount(service);
  return { request, name, service, path: `services.${name}`, replicas, files, report };
}

/**
 * Names everything that was resolved. Keyed as a whole: a revision is shown in status and history, where
 * not everybody who reads it may know the passwords in the environment.
 */
function revisionOf(content: Omit<DesiredStack, 'revision'>, key: string): string {
  return `sha256:${keyedDigest(key, canonicalJson(content))}`;
}
