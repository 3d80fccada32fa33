// As loader-thread.cjs.
require('tsx/cjs/api').register();
require('./unruly-thread.ts');
