import { deepStrictEqual, rejects } from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import { listRefusals } from "../../../../handover/model/refusal";
import { refusals } from "../../../../handover/model/refusals";
import type { AccountSeen, ClusterSeen } from "../../../../handover/model/world";
import type { RunContext } from "../../../../handover/observe/runContext";
import { credentialGuard, CredentialGuardInputs } from "../../../../handover/run/credentialGuardResource";
import { ACCOUNT, nodeRole, onNodeRole, subject, withoutPolicies, world } from "../support/worlds";

const inputs: CredentialGuardInputs = {
    subject,
    timeouts: DEFAULT_TIMEOUTS,
    iamPropagationSeconds: 120,
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

/** Creates the guard on this cluster, as a caller of this account. */
function create(cluster: Partial<ClusterSeen>, callerAccount = ACCOUNT, account: Partial<AccountSeen> = {}) {
    const [closed, lines]: [string[], string[]] = [[], []];
    const seen = world(onNodeRole, { cluster, account });
    const context = {
        subject,
        roleNames: ["nodes"],
        now: () => seen.at,
        progress: (line: string) => lines.push(line),
        cluster: {
            identity: () => Promise.resolve({ uid: "cluster", version: { major: 1, minor: 34 } }),
            look: () => Promise.resolve(seen.cluster),
            requestToken: () => Promise.resolve("token"),
            close: () => closed.push("closed"),
        },
        aws: { callerAccount: () => Promise.resolve(callerAccount), look: () => Promise.resolve(seen.account) },
    } as unknown as RunContext;
    const operation = { progress: () => undefined, open: () => Promise.resolve(context) };
    return { created: credentialGuard.create(inputs, operation), closed, lines };
}

describe("The credential guard's preflight", () => {
    it("lists every reason at once", async () => {
        const { created, closed } = create({ serviceAccount: undefined, daemonSet: undefined }, "999988887777");
        const reasons = [
            refusals.wrongAccount("999988887777", ACCOUNT),
            refusals.serviceAccountMissing(subject),
            refusals.daemonSetMissing(subject),
        ];
        const message = listRefusals("The update stopped before it changed anything on the cluster", reasons);
        await rejects(created, { name: "Refusals", message, stack: message });
        deepStrictEqual(message.split("\n").length, 4);
        deepStrictEqual(closed, ["closed"]);
    });

    it("ends with a single reason as it is", async () => {
        await rejects(create({ daemonSet: undefined }).created, refusals.daemonSetMissing(subject));
    });

    it("passes where there is none", async () => {
        const { record } = await create({}).created;
        deepStrictEqual(record.approvedRoleArns, [subject.roleArn]);
    });

    it("says that pods have no path already, before anything that takes time, and goes on", async () => {
        const { created, lines } = create({}, ACCOUNT, { nodeRoles: [nodeRole(withoutPolicies)] });
        await created;
        deepStrictEqual(lines, [
            "the aws-node pods on nodes of nodes have no path to the CNI's permissions now, since this role holds no CNI policy: " +
                "going on at once, since the hand-over gives them one",
            "proof: off, the canary alone decides",
        ]);
    });

    it("says nothing of it where they have one", async () => {
        const { created, lines } = create({});
        await created;
        deepStrictEqual(lines, ["proof: off, the canary alone decides"]);
    });
});
