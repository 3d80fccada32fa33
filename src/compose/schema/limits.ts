import { z } from 'zod';
import { distinctNames, listOf, optional, section, text, whole } from './forms.ts';

/** Compose specification, "ulimits". */
export const ulimits = (description: string) =>
  z
    .record(
      z.string().min(1),
      z.union(
        [
          z.int(),
          z.string(),
          section({
            soft: whole('The limit that holds; the process may raise it.'),
            hard: whole('How far the process may raise it.'),
          }),
        ],
        { error: 'a whole number, or a map with soft and hard' },
      ),
    )
    .meta({ description });

const throttles = (what: string) =>
  listOf(
    section(optional({ path: text('The device: /dev/sda.'), rate: whole(`${what} a second.`) })),
    'maps with path and rate',
  );

/** Compose specification, "blkio_config". */
export const blkioSchema = section(
  optional({
    weight: z
      .int()
      .min(0)
      .meta({ description: 'Share of the disk bandwidth compared with other containers: 10 to 1000.' }),
    weight_device: listOf(
      section(
        optional({
          path: text('The device: /dev/sda.'),
          weight: z.int().min(0).meta({ description: '10 to 1000.' }),
        }),
      ),
      'maps with path and weight',
    ).meta({ description: 'The same for single devices.' }),
    device_read_bps: throttles('Bytes').meta({ description: 'How fast a device may be read, in bytes.' }),
    device_read_iops: throttles('Operations').meta({
      description: 'How fast a device may be read, in operations.',
    }),
    device_write_bps: throttles('Bytes').meta({ description: 'How fast a device may be written, in bytes.' }),
    device_write_iops: throttles('Operations').meta({
      description: 'How fast a device may be written, in operations.',
    }),
  }),
).meta({ description: 'Limits on the use of disks.' });

const deviceFields = {
  capabilities: distinctNames('strings').meta({
    description: 'What the device must be able to do: [gpu].',
  }),
  ...optional({
    driver: text('nvidia, cdi ...'),
    count: z
      .union([z.int(), z.string()], { error: '"all" or a whole number' })
      .meta({ description: 'How many, or all.' }),
    device_ids: distinctNames('strings').meta({ description: 'Which ones, instead of count.' }),
    options: z
      .union([
        z.record(z.string().min(1), z.union([z.string(), z.number(), z.boolean(), z.null()])),
        distinctNames('KEY=value strings'),
      ])
      .meta({ description: 'Options of the driver.' }),
  }),
};

/** Compose specification, "deploy.resources.reservations.devices". */
export const deviceRequestsSchema = listOf(section(deviceFields), 'maps').meta({
  description: 'GPUs and other devices the containers need.',
});

/** Compose specification, "gpus". */
export const gpusSchema = z
  .union(
    [
      z.literal('all'),
      listOf(section({ ...deviceFields, capabilities: deviceFields.capabilities.optional() }), 'maps'),
    ],
    { error: '"all", or a list of maps' },
  )
  .meta({ description: 'GPUs for the containers: all, or a list of requests.' });
