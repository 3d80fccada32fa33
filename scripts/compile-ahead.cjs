'use strict';
// Runs a short command of the bundled program in FILE, and writes what V8 compiled for it to FILE.compiled, which
// src/bin/precompiled.cjs starts with.
//
//   node scripts/compile-ahead.cjs FILE
const { readFileSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { dirname, resolve } = require('node:path');
const { Script } = require('node:vm');

const filename = resolve(process.argv[2]);
const script = new Script(Module.wrap(readFileSync(filename, 'utf8')), { filename });
const program = new Module(filename, module);
program.filename = filename;
Module._cache[filename] = program;
process.argv = [process.execPath, filename, 'get', 'stacks', '--socket', `${filename}.no-such-socket`];
process.stderr.write = () => true;
process.on('exit', () => {
  writeFileSync(`${filename}.compiled`, script.createCachedData());
  process.exitCode = 0;
});
script
  .runInThisContext()
  .call(
    program.exports,
    program.exports,
    Module.createRequire(filename),
    program,
    filename,
    dirname(filename),
  );
