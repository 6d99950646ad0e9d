"use strict";
// mocha's spec reporter, which also writes down the file of each failed test, so that the gate can run these files once more.
const { appendFileSync } = require("fs");
const { reporters, Runner } = require("mocha");

module.exports = class extends reporters.Spec {
    constructor(runner, options) {
        super(runner, options);
        const list = process.env.FAILED_FILES;
        runner.on(Runner.constants.EVENT_TEST_FAIL, ({ file }) => appendFileSync(list, `${file ?? "?"}\n`));
    }
};
