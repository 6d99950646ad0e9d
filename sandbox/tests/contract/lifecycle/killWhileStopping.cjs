// Loaded into a sandbox's supervisor by NODE_OPTIONS: kills the supervisor while it stops, right before the step that
// $KILL_BEFORE names, as the kernel does when memory runs out.
"use strict";

const { ChildProcess } = require("child_process");
const fs = require("fs");
const path = require("path");

let stopping = false;

function before(step) {
    if (stopping && step === process.env.KILL_BEFORE) {
        process.kill(process.pid, "SIGKILL");
    }
}

function announce(object, method, stepOf) {
    const original = object[method];
    object[method] = function (...args) {
        before(stepOf.call(this, ...args));
        return original.apply(this, args);
    };
}

if (process.argv[1]?.endsWith("supervisor.ts")) {
    process.once("SIGTERM", () => {
        stopping = true;
        before("anything");
    });
    announce(ChildProcess.prototype, "kill", function () {
        return `end ${path.basename(this.spawnfile)}`;
    });
    announce(fs, "rmSync", (file) => `remove ${path.basename(String(file))}`);
}
