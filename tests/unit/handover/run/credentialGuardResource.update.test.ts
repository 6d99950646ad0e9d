import { deepStrictEqual, rejects } from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import { withServiceAccount } from "../../../../handover/model/record";
import type { Subject } from "../../../../handover/model/subject";
import type { ClusterSeen } from "../../../../handover/model/world";
import type { RunContext } from "../../../../handover/observe/runContext";
import {
    credentialGuard,
    CredentialGuardInputs,
    CredentialGuardOutputs,
} from "../../../../handover/run/credentialGuardResource";
import {
    carrying,
    formerAccount,
    FORMER_ROLE,
    ISSUER,
    otherCarrier,
    record,
    ROLE,
    ROLE_ARN,
    subject,
    world,
} from "../support/worlds";

const inputs: CredentialGuardInputs = {
    subject,
    timeouts: DEFAULT_TIMEOUTS,
    iamPropagationSeconds: 0,
    forceDestroy: false,
    drift: "none",
    proof: "off",
    overrideExistingServiceAccount: false,
    detachFromNodeRoles: ["nodes"],
    detachPolicyArns: [],
    injectionGuard: false,
    policyArns: [],
    additionalPolicies: false,
    roleUniqueId: "AROACNI",
};
const state: CredentialGuardInputs & CredentialGuardOutputs = {
    ...inputs,
    record: { ...record, ownRoleArns: [ROLE] },
    formerAnnotations: {},
    approvedRole: `${ROLE} AROACNI`,
};

/** Updates the guard of a cluster whose pods carry the role. Returns what it saves, and the subjects of the looks. */
async function update(
    more: Partial<CredentialGuardInputs>,
    before: Partial<typeof state> = {},
    cluster: Partial<ClusterSeen> = {},
) {
    const subjects: Subject[] = [];
    const seen = world(carrying(ROLE), { cluster });
    const operation = {
        progress: () => undefined,
        open: (opened: { readonly subject: Subject }) => {
            subjects.push(opened.subject);
            return Promise.resolve({
                subject: opened.subject,
                roleNames: ["nodes"],
                now: () => seen.at,
                progress: () => undefined,
                cluster: {
                    identity: () => Promise.resolve({ uid: "cluster", version: { major: 1, minor: 34 } }),
                    look: () => Promise.resolve(seen.cluster),
                    requestToken: () => Promise.resolve("token"),
                    clustersInKubeconfig: () => ["prod"],
                    close: () => undefined,
                },
                aws: {
                    callerAccount: () => Promise.resolve("111122223333"),
                    look: () => Promise.resolve(seen.account),
                    namedCluster: () => Promise.resolve({ is: "there", issuer: ISSUER }),
                    otherDelivery: () =>
                        Promise.resolve({ addOn: false, addOnRoleArn: undefined, podIdentityRoleArns: [], unread: [] }),
                },
            } as unknown as RunContext);
        },
    };
    const outputs = await credentialGuard.update({ ...state, ...before }, { ...inputs, ...more }, operation);
    return { ...outputs, subjects };
}

describe("An update of the credential guard", () => {
    const next = { ...subject, roleArn: FORMER_ROLE, annotations: { [ROLE_ARN]: FORMER_ROLE } };

    it("changes the record also when a role returns that was approved before", async () => {
        const both = { ...record, approvedRoleArns: [ROLE, FORMER_ROLE] };
        const first = await update({ subject: next, roleUniqueId: "AROANEXT" }, { record: both });
        deepStrictEqual([first.record.approvals, first.record.approvedRoleArns], [1, both.approvedRoleArns]);
        const again = await update({}, { ...first, subject: next });
        deepStrictEqual([again.record.approvals, again.record.approvedRoleArns], [2, both.approvedRoleArns]);
    });

    it("does not count the same role", async () => {
        deepStrictEqual((await update({ injectionGuard: true })).record.approvals, undefined);
    });

    it("records which node roles belong to the same program", async () => {
        deepStrictEqual((await update({ ownNodeRoles: ["nodes"] })).record.ownNodeRoles, ["nodes"]);
    });

    it("knows the service account that it leaves, also from the state of an early version", async () => {
        const moved = { ...subject, serviceAccount: formerAccount };
        const { record: saved, subjects } = await update({ subject: moved });
        deepStrictEqual(saved.serviceAccounts, [subject.serviceAccount, formerAccount]);
        deepStrictEqual(
            subjects.map(({ formerServiceAccounts }) => formerServiceAccounts),
            [[subject.serviceAccount]],
        );
        const before = withServiceAccount(record, formerAccount);
        deepStrictEqual((await update({ drift: "d" }, { record: before })).record.serviceAccounts, [
            formerAccount,
            subject.serviceAccount,
        ]);
    });

    it("refuses as long as pods of that service account carry a role", async () => {
        const moved = { ...subject, serviceAccount: formerAccount };
        const carried = { otherCarriers: [otherCarrier("arm-1", ROLE)] };
        await rejects(update({ subject: moved }, {}, carried), { code: "service-account-in-use" });
        deepStrictEqual((await update({ drift: "d" }, {}, carried)).record.serviceAccounts, [subject.serviceAccount]);
    });

    it("returns to no role of its own that no pod carries, since it may be deleted", async () => {
        const former = { formerAnnotations: { [ROLE_ARN]: FORMER_ROLE } };
        const { cluster } = world(carrying("x"));
        const unannotated = { ...cluster, serviceAccount: { uid: "account", annotations: {}, roleArnOwners: [] } };
        const last = { ...subject, roleArn: `${ROLE}-last`, annotations: { [ROLE_ARN]: `${ROLE}-last` } };
        const own = { ...record, approvedRoleArns: [FORMER_ROLE, ROLE] };
        deepStrictEqual(
            (await update({ subject: last }, { ...former, record: own }, unannotated)).formerAnnotations,
            {},
        );
        const foreign = { ...own, ownRoleArns: [ROLE] };
        const back = await update({ subject: last }, { ...former, record: foreign }, unannotated);
        deepStrictEqual(back.formerAnnotations, former.formerAnnotations);
    });
});
