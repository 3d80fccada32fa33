// As loader-thread.cjs.
require('tsx/cjs/api').register();
require('../../../src/bin/event-worker.ts');
