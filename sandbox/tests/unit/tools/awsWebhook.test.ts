import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { awsWebhookOf } from "../../../tools/awsWebhook";

describe("AWS's own webhook", () => {
    let folder: string;
    let program: string;
    before(() => {
        folder = mkdtempSync(join(tmpdir(), "eks-cni-webhook-path-"));
        program = join(folder, "pod-identity-webhook");
        writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
        writeFileSync(join(folder, "text"), "no program");
    });
    after(() => rmSync(folder, { recursive: true }));

    it("is the program of this name on PATH", () =>
        assert.equal(awsWebhookOf(undefined, { PATH: `/nowhere:${folder}` }), program));

    it("is not there without one on PATH, and the stand-in runs", () =>
        assert.equal(awsWebhookOf(undefined, { PATH: "/nowhere" }), undefined));

    it("is not looked for when the stand-in is asked for", () =>
        assert.equal(awsWebhookOf(false, { PATH: folder }), undefined));

    it("is the file that is named", () => assert.equal(awsWebhookOf(program, { PATH: "" }), program));

    it("must be a program", () =>
        assert.throws(
            () => awsWebhookOf(join(folder, "text"), { PATH: folder }),
            /text is not a program\. Give the path of AWS's pod-identity-webhook\.$/,
        ));
});
