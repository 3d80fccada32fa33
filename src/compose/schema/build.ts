import { z } from 'zod';
import { fileReferences } from './files.ts';
import { distinctPairs, flag, optional, pairs, section, text, texts, wholeSize } from './forms.ts';
import { extraHosts } from './hosts.ts';
import { ulimits } from './limits.ts';

const attestation = (description: string) =>
  z.union([z.string(), z.boolean()], { error: 'true, false or a string' }).meta({ description });

const longBuild = section(
  optional({
    context: text('The directory that is sent to the builder, or a URL; `.` when absent.'),
    dockerfile: text('The Dockerfile, relative to the context.'),
    dockerfile_inline: text('The Dockerfile itself, instead of a file.'),
    args: pairs('Build arguments; without a value it is taken from the environment.'),
    target: text('The stage of the Dockerfile to build.'),
    tags: texts('Further names of the image.'),
    labels: pairs('Labels of the image.'),
    platforms: texts('The platforms to build for: linux/amd64.'),
    additional_contexts: pairs('Further contexts, by the name used in the Dockerfile.'),
    cache_from: texts('Where the builder may take layers from.'),
    cache_to: texts('Where the builder puts layers.'),
    no_cache: flag('Builds every layer anew.'),
    pull: flag('Looks for a newer base image.'),
    network: text('The network of RUN steps: default, none, host or a name.'),
    extra_hosts: extraHosts('Host names known to RUN steps.'),
    ssh: distinctPairs('SSH agents or keys given to RUN steps.'),
    secrets: fileReferences('Secrets given to RUN steps.'),
    shm_size: wholeSize('The size of /dev/shm in RUN steps.'),
    ulimits: ulimits('Limits of the processes of RUN steps.'),
    privileged: flag('Runs the build with all rights on the host.'),
    entitlements: texts('Rights that the build asks for.'),
    isolation: text('Windows only.'),
    provenance: attestation('Adds a provenance attestation.'),
    sbom: attestation('Adds a list of what is in the image.'),
  }),
);

/** Compose Build specification. */
export const buildSchema = z.union([z.string(), longBuild], { error: 'a path, or a map with context' }).meta({
  description: "How the service's image is built: the context's path, or a map.",
});
