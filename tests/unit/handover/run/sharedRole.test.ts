import { deepStrictEqual, doesNotThrow, throws } from "node:assert/strict";
import { podsWithRole } from "../../../../handover/decide/leavingIssuer";
import { refusals } from "../../../../handover/model/refusals";
import { leavingWithRole, refuseIfShared } from "../../../../handover/run/sharedRole";
import { FORMER_ROLE, ROLE, subject } from "../support/worlds";

const before = { subject: { ...subject, issuers: ["own", "theirs", "more"] }, roleUniqueId: "AROA1" };
const another = (issuers: readonly string[], roleUniqueId = "AROA2") => ({
    subject: { ...subject, roleArn: FORMER_ROLE, issuers },
    roleUniqueId,
});
const refused = (...issuers: string[]) => ({ message: refusals.sharedRoleReplaced(ROLE, issuers).message });

describe("A role that other clusters share", () => {
    it("is not replaced while it is shared", () => {
        throws(() => refuseIfShared(before, another(["own", "theirs", "more"])), refused("theirs", "more"));
        throws(() => refuseIfShared(before, another(["own", "more"])), refused("more"));
    });

    it("does not give way to the role of another owner, with which a program cannot list the clusters", () => {
        const first = "Remove existingRoleArn until the other clusters have left.";
        const { message } = refusals.sharedRoleReplaced(ROLE, ["theirs", "more"], first);
        throws(() => refuseIfShared(before, another(["own"], "")), { message });
    });

    it("is replaced once they left, if it stays, and if it is another owner's", () => {
        doesNotThrow(() => refuseIfShared(before, another(["own"])));
        doesNotThrow(() => refuseIfShared({ ...before, subject }, another([...subject.issuers])));
        doesNotThrow(() => refuseIfShared(before, before));
        doesNotThrow(() => refuseIfShared({ ...before, roleUniqueId: "" }, another(["own", "theirs"])));
        doesNotThrow(() => refuseIfShared({ ...before, subject }, another(["own", "theirs"])));
    });

    it("shows how to look for its pods there if it goes, and nothing if it stays", () => {
        const line = (issuer: string) =>
            `The role ${ROLE} is deleted at the end of this update. The cluster with the issuer ${issuer} has shared it. With the ` +
            `kubeconfig of that cluster, this command must print nothing: ${podsWithRole(ROLE, "kube-system")}`;
        deepStrictEqual(leavingWithRole(before, another(["own"])), [line("theirs"), line("more")]);
        deepStrictEqual(leavingWithRole(before, before), []);
        deepStrictEqual(leavingWithRole({ ...before, roleUniqueId: "" }, another(["own"])), []);
    });
});
