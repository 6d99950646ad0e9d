import { deepStrictEqual, rejects } from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import { refusals } from "../../../../handover/model/refusals";
import type { ClusterSeen } from "../../../../handover/model/world";
import type { RunContext } from "../../../../handover/observe/runContext";
import { detachment, DetachmentInputs } from "../../../../handover/run/detachmentResource";
import { withoutPolicies, carrying, CNI_POLICY, nodeRole, NOW, record, ROLE, subject, world } from "../support/worlds";

const inputs: DetachmentInputs = {
    subject,
    record,
    timeouts: DEFAULT_TIMEOUTS,
    iamPropagationSeconds: 3600,
    forceDestroy: false,
    drift: "none",
    approvedRole: ROLE,
    delivered: "d",
    injectionGuard: false,
    stableSeconds: 20,
    maxNotReadyNodes: 0,
};

/** A cluster that is handed over, in an account whose IAM never shows an attachment. */
function neverShown(more: Partial<ClusterSeen> = {}) {
    let now = NOW;
    const attached: string[] = [];
    const { cluster, account } = world(carrying(ROLE), { account: { nodeRoles: [nodeRole(withoutPolicies)] } });
    const context = {
        subject,
        roleNames: [],
        now: () => now,
        progress: () => undefined,
        sleep: (milliseconds: number) => Promise.resolve((now += milliseconds)),
        cluster: {
            look: () => Promise.resolve({ ...cluster, ...more }),
            identity: () => Promise.resolve({}),
            change: () => Promise.resolve((now += 2000)),
            close: () => undefined,
        },
        aws: {
            look: () => Promise.resolve(account),
            attach: (roleName: string, policyArn: string) => {
                attached.push(`${roleName} ${policyArn}`);
                return Promise.resolve("attached");
            },
        },
    } as unknown as RunContext;
    const operation = { progress: () => undefined, open: () => Promise.resolve(context) };
    return { operation, attached, seconds: () => (now - NOW) / 1000 };
}

describe("The detachment, as a resource", () => {
    it("gives a node role that left the list its policies back within the limit that its message names", async () => {
        const { operation, attached, seconds } = neverShown();
        const timeouts = { ...DEFAULT_TIMEOUTS, handBackSeconds: 50 };
        const left = "IAM does not show the attachment yet";
        await rejects(
            detachment.create({ ...inputs, timeouts, detachFromNodeRoles: [] }, operation),
            refusals.timeout("Attaching the policies to the node roles again", 50, "timeouts.handBackSeconds", left),
        );
        deepStrictEqual(seconds(), 50);
        deepStrictEqual([...new Set(attached)], [`nodes ${CNI_POLICY}`]);
    });

    it("refuses its own delete on another cluster, so that it stays in the state", async () => {
        const { operation } = neverShown({ uid: "another" });
        const state = { ...inputs, verifiedPods: 3, detachedFrom: ["nodes"], remainingSteps: [] };
        await rejects(detachment.delete(state, operation), refusals.clusterChanged("cluster", "another"));
    });

    it("does nothing in its delete on its own cluster", async () => {
        const { operation, attached } = neverShown();
        await detachment.delete({ ...inputs, verifiedPods: 3, detachedFrom: [], remainingSteps: [] }, operation);
        deepStrictEqual(attached, []);
    });
});
