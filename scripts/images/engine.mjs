/**
 * What the set-up scripts ask of a Docker Engine, so that they need no docker CLI and no buildx.
 * The engine is the one DOCKER_HOST names, else /var/run/docker.sock.
 *
 *   node engine.mjs ping                    prints version and API version; exit 1 when nothing answers
 *   node engine.mjs images                  prints "TAG CONTENT" for every image these scripts built
 *   node engine.mjs build TAG CONTENT [NAME=VALUE...]   builds the tar on stdin with those build arguments
 *   node engine.mjs import TAG CONTENT [INSTRUCTION...] makes an image of the root file system (tar) on stdin
 *   node engine.mjs has-image TAG           exit 0 when the engine has it
 *   node engine.mjs container NAME          prints "ID STATE HEALTH" of a container; exit 1 when there is none
 *   node engine.mjs exec NAME COMMAND...    runs a command in a container, prints what it prints, exits as it does
 *   node engine.mjs remove-container NAME   stops and removes a container, as `docker rm -f` would
 *   node engine.mjs project NAME            prints the containers, networks and volumes of a Compose project
 *   node engine.mjs remove-project NAME     removes them all, volumes too
 *
 * CONTENT is a hash of what the image is made from; it is kept as a label and tells when to build again.
 */
import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import Docker from 'dockerode';

const CONTENT_LABEL = 'stackctl.local/content';
const PING_TIMEOUT_MS = 5_000;

/** Reads a progress stream to its end. The engine answers 200 first and reports failures inside the stream. */
async function finish(docker, stream) {
  const lines = [];
  let failure;
  await new Promise((resolve, reject) => {
    const onProgress = (event) => {
      if (event.stream) lines.push(event.stream);
      if (event.error) failure = event.error;
    };
    docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()), onProgress);
  });
  if (failure !== undefined) throw new Error(`${lines.slice(-10).join('')}${failure}`);
}

async function ping(docker) {
  const version = await docker.version({ abortSignal: AbortSignal.timeout(PING_TIMEOUT_MS) });
  console.log(`${version.Version} (API ${version.ApiVersion})`);
}

async function listImages(docker) {
  const images = await docker.listImages({ filters: { label: [CONTENT_LABEL] } });
  for (const image of images) {
    for (const tag of image.RepoTags ?? []) console.log(`${tag} ${image.Labels[CONTENT_LABEL]}`);
  }
}

async function build(docker, tag, content, ...buildArguments) {
  const buildargs = Object.fromEntries(
    buildArguments.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
  const options = { t: tag, labels: { [CONTENT_LABEL]: content }, buildargs, rm: true, forcerm: true };
  await finish(docker, await docker.buildImage(process.stdin.pipe(new PassThrough()), options));
}

async function importRootfs(docker, image, content, ...instructions) {
  const colon = image.lastIndexOf(':');
  const changes = [...instructions, `LABEL ${CONTENT_LABEL}=${content}`];
  const options = { repo: image.slice(0, colon), tag: image.slice(colon + 1), changes };
  await finish(docker, await docker.importImage(process.stdin.pipe(new PassThrough()), options));
}

async function removeContainer(docker, name) {
  await docker.getContainer(name).remove({ force: true, v: false });
}

async function hasImage(docker, image) {
  await docker.getImage(image).inspect();
}

async function printContainer(docker, name) {
  const { Id, State } = await docker.getContainer(name).inspect();
  console.log(`${Id} ${State.Status} ${State.Health?.Status ?? 'none'}`);
}

async function run(docker, name, ...command) {
  const options = { Cmd: command, AttachStdout: true, AttachStderr: true };
  const exec = await docker.getContainer(name).exec(options);
  const stream = await exec.start({});
  docker.modem.demuxStream(stream, process.stdout, process.stderr);
  await finished(stream, { writable: false });
  process.exitCode = (await exec.inspect()).ExitCode ?? 1;
}

/** Handles of all that bears a Compose project's label, in the order in which it can be removed. */
async function findProject(docker, project) {
  const filters = { label: [`com.docker.compose.project=${project}`] };
  const [containers, networks, { Volumes: volumes }] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
  ]);
  return [
    ...containers.map(({ Id, Names }) => ({
      title: `container ${Names.join(' ')}`,
      remove: () => docker.getContainer(Id).remove({ force: true, v: false }),
    })),
    ...networks.map(({ Id, Name }) => ({
      title: `network ${Name}`,
      remove: () => docker.getNetwork(Id).remove(),
    })),
    ...(volumes ?? []).map(({ Name }) => ({
      title: `volume ${Name}`,
      remove: () => docker.getVolume(Name).remove(),
    })),
  ];
}

async function printProject(docker, project) {
  for (const { title } of await findProject(docker, project)) console.log(title);
}

async function removeProject(docker, project) {
  for (const { remove } of await findProject(docker, project)) await remove();
}

const commands = {
  ping,
  images: listImages,
  build,
  import: importRootfs,
  'has-image': hasImage,
  container: printContainer,
  exec: run,
  project: printProject,
  'remove-project': removeProject,
  'remove-container': removeContainer,
};

const [name = '', ...words] = process.argv.slice(2);
const command = commands[name];
if (command === undefined) {
  console.error(`usage: engine.mjs ${Object.keys(commands).join('|')} ...`);
  process.exit(2);
}
try {
  await command(new Docker(), ...words);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
