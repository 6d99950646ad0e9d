// Stryker runs each static mutant (active while modules load) in its own process. Compiling in each process would cost more
// than the tests, so all files are compiled once, and mocha loads the output next to each source.
"use strict";

const { readFileSync } = require("fs");

require.extensions[".ts"] = (module, file) => module._compile(readFileSync(file.replace(/\.ts$/, ".js"), "utf8"), file);
