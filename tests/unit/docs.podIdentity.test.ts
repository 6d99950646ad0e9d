import { ok } from "assert";
import { readFileSync } from "fs";
import { join } from "path";
import { podIdentityMoveRefusal } from "../../handover/decide/podIdentityMoves";
import { refusals } from "../../handover/model/refusals";
import type { Subject } from "../../handover/model/subject";
import { ROOT } from "./support/markdown";

const PAGE = readFileSync(join(ROOT, "docs/clusters-of-pod-identity.md"), "utf8");

const subject: Subject = {
    component: "cni",
    fieldManager: "eks-cni/network/prod/cni",
    serviceAccount: { namespace: "kube-system", name: "aws-node" },
    daemonSetName: "aws-node",
    injectionGuardName: "eks-cni-network-prod-cni-a2047216",
    ipFamily: "ipv4",
    roleArn: "arn:aws:iam::111122223333:role/cni",
    issuers: [],
    annotations: {},
};

/** The component has replaced no annotation. */
const notReplaced = { originalAnnotations: {} };

/** The moves that the page says an update refuses. A move that is built changes its advice. */
describe("docs/clusters-of-pod-identity.md", () => {
    it("has the refusal of the move from another writer, as the update prints it", () => {
        const before: Subject = { ...subject, delivery: "external" };
        const refusal = podIdentityMoveRefusal(before, { ...subject, delivery: "podIdentity" }, notReplaced);
        ok(refusal !== undefined && PAGE.includes(`\n${refusal.message}\n`), refusal?.message);
    });

    it("has the refusal of another tool's annotation, as the update prints it", () => {
        const refusal = refusals.alreadyAnnotated(subject, "arn:aws:iam::111122223333:role/eksctl");
        ok(PAGE.includes(`\n${refusal.message}\n`), refusal.message);
    });
});
