/**
 * The labels by which we know our own objects. Names are DESIGN 4.4's; Compose's own make `docker compose
 * ls|ps|logs|exec` see our stacks (measured with docker compose 2.26 and 2.40).
 */
export const OURS = {
  stack: 'io.stackctl.stack',
  service: 'io.stackctl.service',
  ordinal: 'io.stackctl.ordinal',
  specHash: 'io.stackctl.spec-hash',
  instance: 'io.stackctl.instance',
  /** On containers: the id of the image they were made from, which an image committed from them cannot repeat. */
  image: 'io.stackctl.image',
  /** On containers: what is run in them after a start and before a stop. */
  hooks: 'io.stackctl.hooks',
  /** On networks: their subnet is ours to give out, so that a container can be attached again with the address it has. */
  keepsAddresses: 'io.stackctl.keeps-addresses',
  /** On images that we built: the digest of what they were built from. */
  buildDigest: 'io.stackctl.build-digest',
  /** On probe containers: the run they belong to; on the image they run from: `image`. */
  probe: 'io.stackctl.probe',
} as const;

/** Every label below this prefix is ours to set; a manifest may not. */
export const OUR_PREFIX = 'io.stackctl.';

/** Every label of docker compose is below this prefix. */
export const COMPOSE_PREFIX = 'com.docker.compose.';

export const COMPOSE = {
  project: 'com.docker.compose.project',
  service: 'com.docker.compose.service',
  configHash: 'com.docker.compose.config-hash',
  containerNumber: 'com.docker.compose.container-number',
  oneoff: 'com.docker.compose.oneoff',
  image: 'com.docker.compose.image',
  version: 'com.docker.compose.version',
  dependsOn: 'com.docker.compose.depends_on',
  configFiles: 'com.docker.compose.project.config_files',
  workingDir: 'com.docker.compose.project.working_dir',
  network: 'com.docker.compose.network',
  volume: 'com.docker.compose.volume',
} as const;
