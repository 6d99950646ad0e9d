"use strict";
const { join } = require("path");

// With whole paths, so that it holds from here and from the repository's root.
module.exports = {
    require: ["ts-node/register/transpile-only"],
    extension: ["ts"],
    spec: [join(__dirname, "tests/**/*.test.ts")],
    timeout: 60_000,
    slow: 10_000,
};
