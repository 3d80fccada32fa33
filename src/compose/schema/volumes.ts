import { distinctPairs, optional, options, sectionOrNothing, text } from './forms.ts';
import { external } from './networks.ts';

/** Compose specification, top-level "volumes". */
export const volumeSchema = sectionOrNothing(
  optional({
    name: text("The engine's name of the volume, as it stands; STACK_KEY when absent."),
    driver: text('local (default) or a plugin.'),
    driver_opts: options('Options of the driver: type, o and device mount something else.'),
    external: external('The volume exists already and is not ours to make or remove.'),
    labels: distinctPairs('Labels of the volume.'),
  }),
  'A volume of this stack: data that outlives containers.',
);
