// Bundles the clients into a build of the package. Plain JavaScript, since tests/tasks.cjs calls it, too.
"use strict";

const { buildSync } = require("esbuild");
const fs = require("fs");
const path = require("path");

/**
 * The modules that alone import the AWS SDK and the Kubernetes client. They are published with what they use of them: installed as
 * dependencies these take 110 MB, and bundled 3 MB (docs/decisions/0013-published-package.md).
 */
const BUNDLED = ["handover/aws/awsSdk", "handover/kubernetes/clientNode"];

/**
 * Returns the files that each bundle is made of: https://esbuild.github.io/api/#metafile
 *
 * @param {string} root The clone.
 * @param {string} out The folder of its build.
 */
module.exports = function bundle(root, out) {
    const { metafile } = buildSync({
        entryPoints: BUNDLED.map((name) => path.join(root, `${name}.ts`)),
        outbase: root,
        outdir: out,
        allowOverwrite: true,
        absWorkingDir: root,
        bundle: true,
        platform: "node",
        target: "node20",
        format: "cjs",
        metafile: true,
        // Not identifiers: errors are recognised by the names of their classes.
        minifySyntax: true,
        minifyWhitespace: true,
        legalComments: "none",
        // Optional, and only for text that is not UTF-8: https://github.com/node-fetch/node-fetch/blob/2.x/src/body.js
        external: ["encoding"],
        logLevel: "warning",
    });
    BUNDLED.forEach((name) => fs.rmSync(path.join(out, `${name}.js.map`), { force: true }));
    return metafile;
};
