// As loader-thread.cjs.
require('tsx/cjs/api').register();
require('../../../src/bin/look-worker.ts');
