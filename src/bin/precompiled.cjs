#!/usr/bin/env node
'use strict';
// Starts the program with what V8 compiled of it when it was built: compiling takes a good part of a short command. V8
// refuses what another version or another processor made, and compiles anew then. Kept small, since it is compiled.
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { join } = require('node:path');
const { Script } = require('node:vm');

const filename = join(__dirname, 'stackctl-main.js');
let cachedData;
try {
  cachedData = readFileSync(`${filename}.compiled`);
} catch {
  // Then without.
}
const script = new Script(Module.wrap(readFileSync(filename, 'utf8')), { filename, cachedData });
const program = new Module(filename, module);
program.filename = filename;
// What is loaded later asks for this file by its name, and must find this one.
Module._cache[filename] = program;
script
  .runInThisContext()
  .call(program.exports, program.exports, Module.createRequire(filename), program, filename, __dirname);
