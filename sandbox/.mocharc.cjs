"use strict";
const { join } = require("path");

// Absolute paths, so that mocha finds the tests from this folder and from the repository's root.
module.exports = {
    require: ["ts-node/register/transpile-only"],
    extension: ["ts"],
    spec: [join(__dirname, "tests/**/*.test.ts")],
    timeout: 60_000,
    slow: 10_000,
};
