// As loader-thread.cjs.
require('tsx/cjs/api').register();
require('./talkative-engine.ts');
