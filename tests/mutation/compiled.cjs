// A mutant that is in force while modules load has a process of its own, so compiling each time would cost more than the
// tests: they were compiled once, each beside its source.
"use strict";

const { readFileSync } = require("fs");

require.extensions[".ts"] = (module, file) => module._compile(readFileSync(file.replace(/\.ts$/, ".js"), "utf8"), file);
