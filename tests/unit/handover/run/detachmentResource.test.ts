import { deepStrictEqual, match, rejects } from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import type { Proof } from "../../../../handover/model/proof";
import { refusals } from "../../../../handover/model/refusals";
import type { ClusterSeen } from "../../../../handover/model/world";
import type { RunContext } from "../../../../handover/observe/runContext";
import { detachment, DetachmentInputs } from "../../../../handover/run/detachmentResource";
import {
    withoutPolicies,
    carrying,
    CNI_POLICY,
    nodeRole,
    NOW,
    pod,
    pods,
    record,
    ROLE,
    subject,
    world,
} from "../support/worlds";

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

/** A cluster that is handed over, whose pod reported a refused call 100 s ago, and again at each of these times. */
function complaining(answer: () => Promise<Proof>, again: readonly number[] = [], first = NOW - 100_000) {
    let now = NOW;
    const lines: string[] = [];
    const { cluster, account } = world(carrying(ROLE), { account: { nodeRoles: [nodeRole(withoutPolicies)] } });
    const lastReport = () => Math.max(first, ...again.filter((at) => at <= now));
    const report = () => ({ missingPermissions: "no DescribeSubnets", missingPermissionsAt: lastReport() });
    const context = {
        subject,
        roleNames: [],
        now: () => now,
        progress: (line: string) => lines.push(line),
        cluster: {
            look: () =>
                Promise.resolve({ ...cluster, pods: pods(carrying(ROLE), pod("n2", carrying(ROLE), report())) }),
            requestToken: () => Promise.resolve("token"),
            clustersInKubeconfig: () => [],
            change: () => Promise.resolve((now += 2000)),
            close: () => undefined,
        },
        aws: {
            look: () => Promise.resolve(account),
            prove: () => {
                now += 1000;
                return answer();
            },
        },
    } as unknown as RunContext;
    return { operation: { progress: () => undefined, open: () => Promise.resolve(context) }, lines };
}

describe("The detachment, where a pod had reported a refused call", () => {
    const desired = { ...inputs, detachFromNodeRoles: ["nodes"] };
    const before = { ...desired, drift: "a reason", verifiedPods: 3, detachedFrom: ["nodes"], remainingSteps: [] };
    const yes = () => Promise.resolve<Proof>({ verdict: "yes", evidence: [] });
    const refused = { code: "pod-misses-permissions" };

    it("ends an update well when the role is proved again, and says so", async () => {
        const { operation, lines } = complaining(yes);
        const { verifiedPods } = await detachment.update(before, desired, operation);
        deepStrictEqual(verifiedPods, 3);
        deepStrictEqual(
            lines[0],
            `The pod pod-n2 on n2 carries ${ROLE} and reports in an event: no DescribeSubnets. The role has been proved since then: only later events count`,
        );
    });

    it("does not when the role is not proved, or only a pod can tell", async () => {
        const no = { verdict: "no", code: "permission-missing", why: "w", final: false } as const;
        const answers: Proof[] = [no, { verdict: "undecided", why: "w", evidence: [] }];
        for (const answer of answers) {
            const { operation } = complaining(() => Promise.resolve(answer));
            await rejects(detachment.update(before, desired, operation), refused);
        }
    });

    it("does not when the proof cannot be made, and does not hide an error of its own", async () => {
        const denied = complaining(() => Promise.reject(refusals.cancelled()));
        await rejects(detachment.update(before, desired, denied.operation), refused);
        const broken = complaining(() => Promise.reject(new TypeError("x")));
        await rejects(detachment.update(before, desired, broken.operation), TypeError);
    });

    it("does not when the pod reports it again", async () => {
        const { operation } = complaining(yes, [NOW + 1000]);
        await rejects(detachment.update(before, desired, operation), refused);
    });

    const another = { ...before, approvedRole: `${ROLE}-before` };

    it("ends a first verification well, of a first role or of another one, if the report is from before this run", async () => {
        const created = await detachment.create(desired, complaining(yes, [], NOW - 1).operation);
        const updated = await detachment.update(another, desired, complaining(yes, [], NOW - 1).operation);
        deepStrictEqual([created.verifiedPods, updated.verifiedPods], [3, 3]);
    });

    it("does not in a first verification if it is not: the role was proved right before", async () => {
        const never = () => Promise.reject(new TypeError("it is not proved"));
        await rejects(detachment.create(desired, complaining(never, [], NOW).operation), refused);
        await rejects(detachment.update(another, desired, complaining(never, [], NOW).operation), refused);
    });

    it("does not in a first verification if the role is not proved, or if the pod reports it again", async () => {
        const undecided = () => Promise.resolve<Proof>({ verdict: "undecided", why: "w", evidence: [] });
        await rejects(detachment.create(desired, complaining(undecided).operation), refused);
        await rejects(detachment.create(desired, complaining(yes, [NOW + 1000]).operation), refused);
    });

    it("shows no drift in a refresh when the role is proved again, with one proof, and says nothing", async () => {
        let proofs = 0;
        const { operation, lines } = complaining(() => yes().finally(() => (proofs += 1)));
        deepStrictEqual((await detachment.read(before, operation)).drift, "none");
        deepStrictEqual([proofs, lines], [1, []]);
    });

    it("shows it in a refresh when the role is not proved, or the pod reports it again", async () => {
        const no = { verdict: "no", code: "permission-missing", why: "w", final: false } as const;
        const open = [complaining(() => Promise.resolve(no)), complaining(yes, [NOW])];
        for (const { operation } of open) {
            const { drift } = await detachment.read(before, operation);
            match(drift, /^The pod pod-n2 on n2 carries \S+ and reports in an event: no DescribeSubnets /);
        }
    });

    it("does not prove the role in a refresh for another reason", async () => {
        const { operation } = complaining(() => Promise.reject(new TypeError("x")));
        const elsewhere = { ...before, record: { ...record, clusterUid: "another" } };
        match((await detachment.read(elsewhere, operation)).drift, /^The kubeconfig points to a cluster /);
    });

    it("does not prove the role for another reason", async () => {
        const { operation } = complaining(() => Promise.reject(new TypeError("x")));
        const elsewhere = { ...desired, record: { ...record, clusterUid: "another" } };
        await rejects(detachment.update(before, elsewhere, operation), { code: "cluster-changed" });
    });
});

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
                const otherDelivery = () => Promise.resolve({ podIdentityRoleArns: roleArns, unread: [] });
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
