"use strict";
// mocha's own reporter, which also notes the file of each failed test, for the gate to run these files once more.
const { appendFileSync } = require("fs");
const { reporters, Runner } = require("mocha");

module.exports = class extends reporters.Spec {
    constructor(runner, options) {
        super(runner, options);
        const notes = process.env.FAILED_FILES;
        runner.on(Runner.constants.EVENT_TEST_FAIL, ({ file }) => appendFileSync(notes, `${file ?? "?"}\n`));
    }
};
