import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { copyOf } from "../../../sources/copies";
import { changedSince, restated } from "../../../sources/restated";

describe("the files upstream that tests restate", () => {
    it("are compared with the copies of their repositories, where there is one", () => {
        const copies = mkdtempSync(join(tmpdir(), "eks-cni-restated-"));
        mkdirSync(join(copies, "a+b"));
        writeFileSync(join(copies, "a+b", "same"), "text");
        writeFileSync(join(copies, "a+b", "changed"), "another text");
        // printf text | sha256sum
        const sha256 = "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1";
        const files = [
            { repository: "a/b", path: "same", sha256 },
            { repository: "a/b", path: "changed", sha256 },
            { repository: "a/b", path: "gone", sha256 },
            { repository: "a/other", path: "same", sha256 },
        ];
        const changed = changedSince(files, (repository) => copyOf(copies, repository));
        rmSync(copies, { recursive: true });
        assert.deepEqual(changed, ["a/b changed", "a/b gone: not found"]);
    });

    it("are the manifests of aws-node and of the Pod Identity agent, the agent's tests and the webhook's test pods", () => {
        assert.deepEqual(
            new Set(restated.map(({ repository }) => repository)),
            new Set(["aws/amazon-vpc-cni-k8s", "aws/eks-pod-identity-agent", "aws/amazon-eks-pod-identity-webhook"]),
        );
        assert.equal(new Set(restated.map(({ path }) => path)).size, 28);
    });
});
