import { type ImageName, imageName, isMadeHere } from '../image-name.ts';
import { inServices, type LintInput, type LintRule, spotIf } from '../rule.ts';

/** Tags that are moved to whatever is newest; `latest` is told apart. */
const MOVING =
  /^(stable|edge|main|master|develop|dev|nightly|next|canary|beta|unstable|rolling|current|lts)$/;

/** A check of each image that is not built from here. */
function ofImages(input: LintInput, check: (image: ImageName, written: string) => string | undefined) {
  return inServices(input, ({ service, at }) => {
    if (service.image === undefined || service.build !== undefined) return [];
    const message = check(imageName(service.image), service.image);
    return [spotIf(message !== undefined, `${at}.image`, message ?? '')];
  });
}

const latest: LintRule = {
  id: 'image-latest',
  severity: 'warning',
  category: 'reliability',
  title: 'an image without a tag, or with latest',
  reason:
    'What runs depends on the day of the pull. The same manifest gives another program on another host.',
  fix: 'name a version: nginx:1.27.2',
  check: (input) =>
    ofImages(input, ({ tag, digest }, written) =>
      digest !== undefined || (tag !== undefined && tag !== 'latest')
        ? undefined
        : `${written} is whatever was newest when it was pulled`,
    ),
};

const moving: LintRule = {
  id: 'image-moving-tag',
  severity: 'warning',
  category: 'reliability',
  title: 'an image with a tag that is moved',
  reason: 'Tags such as stable, edge or main are given to every new version, as latest is.',
  fix: 'name a version, or add the digest',
  check: (input) =>
    ofImages(input, ({ tag = '', digest }) =>
      digest === undefined && MOVING.test(tag) ? `the tag ${tag} is moved to every new version` : undefined,
    ),
};

const digest: LintRule = {
  id: 'image-digest',
  severity: 'info',
  category: 'security',
  title: 'an image without a digest',
  reason:
    'Whoever can write to the registry can put another image under the same tag. A digest names the content, and what was scanned for weaknesses is what runs.',
  fix: 'add the digest: nginx:1.27.2@sha256:…; docker buildx imagetools inspect nginx:1.27.2 prints it',
  check: (input) =>
    ofImages(input, (image, written) =>
      image.digest !== undefined || isMadeHere(image) ? undefined : `${written} is not pinned by its digest`,
    ),
};

const buildAndImage: LintRule = {
  id: 'build-and-image',
  severity: 'info',
  category: 'style',
  title: 'build and image together',
  reason: 'A reader cannot tell whether the image is pulled or built.',
  fix: 'keep one of the two',
  isOptional: true,
  check: (input) =>
    inServices(input, ({ service, at }) => [
      spotIf(
        service.build !== undefined && service.image !== undefined,
        `${at}.build`,
        'the service has an image and is built, too',
      ),
    ]),
};

/** Which program runs. */
export const imageRules: readonly LintRule[] = [latest, moving, digest, buildAndImage];
