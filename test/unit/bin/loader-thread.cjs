// The loading thread from its source: Node 20 takes no hooks for TypeScript over from the process, and none in a module.
require('tsx/cjs/api').register();
require('../../../src/bin/loader-worker.ts');
