import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Associations } from "../../../aws/eks/associations";
import { type AssociationChange, AssociationViews } from "../../../aws/eks/associations/views";

const roleArn = "arn:aws:iam::111122223333:role/a";
const of = { namespace: "kube-system", serviceAccount: "aws-node", roleArn };

describe("the views of Pod Identity associations in EKS", () => {
    let now: number;
    let associations: Associations;
    let views: AssociationViews;
    let directory: string;
    beforeEach(() => {
        now = 1_000_000;
        directory = mkdtempSync(join(tmpdir(), "eks-cni-views-"));
        associations = new Associations("us-west-2", "111122223333");
        views = new AssociationViews(associations, join(directory, "changes.jsonl"), () => now);
    });
    afterEach(() => rmSync(directory, { recursive: true }));

    /** The role that each part knows: the two replicas of the webhook, then the two servers of EKS Auth. */
    const roles = () =>
        (["webhooks", "eksAuth"] as const).flatMap((part) =>
            views.of(part).map((view) => view.find("one", "kube-system", "aws-node")?.roleArn.split("/")[1]),
        );

    it("know each change at once by default", () => {
        const { associationId } = associations.create("one", of);
        assert.deepEqual(roles(), ["a", "a", "a", "a"]);
        associations.update("one", associationId, { roleArn: roleArn.replace("/a", "/b") });
        assert.deepEqual(roles(), ["b", "b", "b", "b"]);
        associations.delete("one", associationId);
        assert.deepEqual(roles(), [undefined, undefined, undefined, undefined]);
    });

    it("know a change after their own delay, and the one before until then", () => {
        views.setDelays({ webhooks: [1, 2], eksAuth: [3, 4] });
        const { associationId } = associations.create("one", of);
        now += 1000;
        assert.deepEqual(roles(), ["a", undefined, undefined, undefined]);
        associations.update("one", associationId, { roleArn: roleArn.replace("/a", "/b") });
        now += 2000;
        assert.deepEqual(roles(), ["b", "b", "a", undefined]);
        now += 2000;
        assert.deepEqual(roles(), ["b", "b", "b", "b"]);
    });

    it("stay as they are for as long as a test wants, and know all that they missed after that", () => {
        views.setDelays({ eksAuth: ["never", 0] });
        const { associationId } = associations.create("one", of);
        now += 3_600_000;
        assert.deepEqual(roles(), ["a", "a", undefined, "a"]);
        associations.update("one", associationId, { roleArn: roleArn.replace("/a", "/b") });
        views.setDelays({ eksAuth: [0, 0] });
        assert.deepEqual(roles(), ["b", "b", "b", "b"]);
    });

    it("list the associations of one cluster", () => {
        associations.create("one", of);
        associations.create("two", { ...of, serviceAccount: "other" });
        const [view] = views.of("webhooks");
        assert.deepEqual(
            view?.list("two").map(({ serviceAccount }) => serviceAccount),
            ["other"],
        );
        associations.forget("two");
        assert.deepEqual(view.list("two"), []);
    });

    it("are logged: when the API and each part saw a change", () => {
        views.setDelays({ webhooks: [0, 1], eksAuth: [0, "never"] });
        const association = associations.create("one", of);
        now += 1500;
        roles();
        associations.delete("one", association.associationId);
        const lines = readFileSync(join(directory, "changes.jsonl"), "utf8").trimEnd().split("\n");
        const seen = lines.map((line) => JSON.parse(line) as AssociationChange);
        assert.deepEqual(
            seen.map(({ time, seenBy, association: after }) => [time, seenBy, after?.associationId]),
            [
                [1_000_000, "eks", association.associationId],
                [1_000_000, "webhooks 1", association.associationId],
                [1_000_000, "eksAuth 1", association.associationId],
                [1_001_500, "webhooks 2", association.associationId],
                [1_001_500, "eks", undefined],
                [1_001_500, "webhooks 1", undefined],
                [1_001_500, "eksAuth 1", undefined],
            ],
        );
    });
});
