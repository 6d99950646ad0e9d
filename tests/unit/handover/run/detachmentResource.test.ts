import { deepStrictEqual, match, rejects } from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import { refusals } from "../../../../handover/model/refusals";
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
function neverShown() {
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
            look: () => Promise.resolve(cluster),
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

    const associated = (roleArns: string[]) => {
        const { operation } = neverShown();
        return {
            ...operation,
            open: async () => {
                const context = await operation.open();
                const otherDelivery = () =>
                    Promise.resolve({ addOn: false, podIdentityRoleArns: roleArns, unread: [] });
                return {
                    ...context,
                    subject: { ...subject, clusterName: "shop" },
                    aws: { ...context.aws, otherDelivery },
                } as unknown as RunContext;
            },
        };
    };
    const named = { ...inputs, subject: { ...subject, clusterName: "shop" }, detachFromNodeRoles: ["nodes"] };
    const state = { ...named, verifiedPods: 3, detachedFrom: ["nodes"], remainingSteps: [] };

    it("names a Pod Identity association in a refresh, and in the next update", async () => {
        const { drift } = await detachment.read(state, associated(["theirs"]));
        match(drift, /^The service account has a Pod Identity association with theirs\. /);
        await rejects(
            detachment.update({ ...state, drift }, named, associated(["theirs"])),
            refusals.podIdentityLater(named.subject, ["theirs"], []),
        );
    });

    it("shows no drift where there is none", async () =>
        deepStrictEqual((await detachment.read(state, associated([]))).drift, "none"));
});
