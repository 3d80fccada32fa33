import { VERSION } from '../../version.ts';
import { defineCommand } from '../command.ts';
import { choice, flag } from '../option.ts';
import { renderDocument } from '../output/document.ts';
import { formatAge } from '../output/time.ts';

export const versionCommand = defineCommand({
  name: 'version',
  group: 'Other',
  summary: 'print versions',
  description: [
    'Prints the version of this program, and with --server those of the daemon and of the engine it drives.',
  ],
  options: {
    server: flag('--server', 'ask the daemon too'),
    output: choice('-o, --output <format>', 'output format', ['text', 'json', 'yaml']),
  },
  examples: [
    { says: 'this program', line: 'stackctl version' },
    { says: 'is the daemon of the same version, and which engine is it?', line: 'stackctl version --server' },
  ],
  async run({ options }, context) {
    const server = options.server ? await (await context.client()).version(context.signal) : undefined;
    if (options.output !== 'text') {
      await context.stdout.write(
        await renderDocument(options.output, { client: { version: VERSION }, server }),
      );
      return 0;
    }
    await context.stdout.write(`stackctl ${VERSION}\n`);
    if (server === undefined) return 0;
    const { version, instance, engine, startedAt } = server;
    const engineText = engine === undefined ? 'not reached' : `${engine.version} (API ${engine.apiVersion})`;
    const up = formatAge(startedAt, context.now());
    await context.stdout.write(
      `stackctld ${version} (instance ${instance}, up ${up})\nengine ${engineText}\n`,
    );
    return 0;
  },
});
