import { deepStrictEqual, rejects } from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import { withServiceAccount } from "../../../../handover/model/record";
import type { Subject } from "../../../../handover/model/subject";
import { refusals } from "../../../../handover/model/refusals";
import type { AccountSeen, ClusterSeen } from "../../../../handover/model/world";
import type { RunContext } from "../../../../handover/observe/runContext";
import {
    credentialGuard,
    CredentialGuardInputs,
    CredentialGuardOutputs,
} from "../../../../handover/run/credentialGuardResource";
import { BLUE, GREEN, sharedAndDetached } from "../support/sharedNodeRoles";
import {
    carrying,
    CNI_POLICY,
    formerAccount,
    FORMER_ROLE,
    ISSUER,
    nodeRole,
    NOW,
    otherCarrier,
    record,
    ROLE,
    REGIONAL,
    ROLE_ARN,
    serviceAccount,
    subject,
    withoutPolicies,
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
    account: Partial<AccountSeen> = {},
    /** Whether IAM shows an attachment. */
    shows = true,
) {
    const subjects: Subject[] = [];
    const roleNames: (readonly string[])[] = [];
    const [calls, lines]: [string[], string[]] = [[], []];
    let now = NOW;
    const seen = world(carrying(ROLE), { cluster, account });
    let { nodeRoles } = seen.account;
    let { injectionGuard } = seen.cluster;
    const operation = {
        progress: () => undefined,
        open: (opened: { readonly subject: Subject }, names: readonly string[]) => {
            subjects.push(opened.subject);
            roleNames.push(names);
            return Promise.resolve({
                subject: opened.subject,
                roleNames: ["nodes"],
                now: () => now,
                progress: (line: string) => lines.push(line),
                sleep: (milliseconds: number) => {
                    calls.push(`sleep ${String(milliseconds)}`);
                    return Promise.resolve((now += milliseconds));
                },
                cluster: {
                    identity: () => Promise.resolve({ uid: "cluster", version: { major: 1, minor: 34 } }),
                    look: () => Promise.resolve({ ...seen.cluster, injectionGuard }),
                    change: () => Promise.resolve((now += 2000)),
                    admitRoles: (roleArns: readonly string[]) => {
                        calls.push(`admit ${roleArns.join()}`);
                        injectionGuard = { ...injectionGuard, roleArns };
                        return Promise.resolve();
                    },
                    testAdmission: (roleArn: string) => {
                        calls.push(`test ${roleArn}`);
                        return Promise.resolve({ verdict: "admitted" });
                    },
                    annotate: (annotations: Readonly<Record<string, string>>, force: boolean) => {
                        calls.push(`annotate ${String(annotations[ROLE_ARN])}${force ? " by force" : ""}`);
                        return Promise.resolve();
                    },
                    requestToken: () => Promise.resolve("token"),
                    clustersInKubeconfig: () => ["prod"],
                    close: () => undefined,
                },
                aws: {
                    callerAccount: () => Promise.resolve("111122223333"),
                    look: () => Promise.resolve({ ...seen.account, nodeRoles }),
                    attach: (name: string, arn: string) => {
                        calls.push(`attach ${name} ${arn}`);
                        const cniPolicies = [{ arn, kind: "cni", sufficient: true }] as const;
                        nodeRoles = nodeRoles.map((role) =>
                            role.name === name && shows ? { ...role, cniPolicies } : role,
                        );
                        return Promise.resolve("attached");
                    },
                    addOn: () => Promise.resolve({ is: "missing", clusterName: "prod" }),
                    namedCluster: () => Promise.resolve({ is: "there", issuer: ISSUER }),
                    otherDelivery: () =>
                        Promise.resolve({ addOnRoleArn: undefined, podIdentityRoleArns: [], unread: [] }),
                },
            } as unknown as RunContext);
        },
    };
    const outputs = await credentialGuard.update({ ...state, ...before }, { ...inputs, ...more }, operation);
    return { ...outputs, subjects, roleNames, calls, lines };
}

const outputsOf = ({ record: saved, formerAnnotations, approvedRole }: CredentialGuardOutputs) => ({
    record: saved,
    formerAnnotations,
    approvedRole,
});

describe("The inputs of the credential guard", () => {
    const acting: Partial<CredentialGuardInputs>[] = [
        { subject: { ...subject, component: "another" } },
        { detachFromNodeRoles: [] },
        { ownNodeRoles: ["nodes"] },
        { handedOverClusterArns: ["arn"] },
        { injectionGuard: true },
        { policyArns: [CNI_POLICY] },
        { roleUniqueId: "AROAOTHER" },
        { overrideExistingServiceAccount: true },
        { drift: "a pod" },
    ];
    for (const change of acting) {
        it(`have it look at the cluster, and at the listed roles, when ${String(Object.keys(change)[0])} has changed`, async () => {
            const { roleNames } = await update(change);
            deepStrictEqual(roleNames, [change.detachFromNodeRoles ?? ["nodes"]]);
        });
    }

    it("are only saved where none of them has changed", async () => {
        const kept = { record, formerAnnotations: { a: "1" }, approvedRole: "as before" };
        const others = { proof: "full", iamPropagationSeconds: 5, forceDestroy: true } as const;
        const { roleNames, ...after } = await update(others, kept);
        deepStrictEqual([outputsOf(after), roleNames], [kept, []]);
    });
});

describe("An update of the credential guard back from another writer", () => {
    const external = { subject: { ...subject, delivery: "external" as const } };
    const helm = { serviceAccount: { ...serviceAccount, roleArnOwners: ["helm"] } };

    it("owns the annotation again, whose patch the engine still has after an update that failed", async () => {
        const { calls } = await update({}, external, helm);
        deepStrictEqual(calls, [`annotate ${ROLE}`]);
    });

    it("writes nothing if the component owns it, if the annotation differs, or if the other writer goes on", async () => {
        const ours = { serviceAccount: { ...serviceAccount, roleArnOwners: ["helm", subject.fieldManager] } };
        const differs = {
            serviceAccount: { ...serviceAccount, annotations: { [ROLE_ARN]: FORMER_ROLE }, roleArnOwners: ["helm"] },
        };
        const override = { overrideExistingServiceAccount: true };
        for (const { calls } of [
            await update({}, external, ours),
            await update(override, external, differs),
            await update({ ...external, drift: "a pod" }, external, helm),
            await update({ drift: "a pod" }, {}, helm),
        ]) {
            deepStrictEqual(
                calls.filter((call) => call.startsWith("annotate")),
                [],
            );
        }
    });
});

describe("An update of the credential guard to another role", () => {
    const next = { ...subject, roleArn: FORMER_ROLE, annotations: { [ROLE_ARN]: FORMER_ROLE } };
    const stripped = { nodeRoles: [nodeRole(withoutPolicies)] };
    const GUARD = { injectionGuard: { present: true, inForce: true, roleArns: [ROLE] } };
    const admitted = [
        `admit ${ROLE},${FORMER_ROLE}`,
        ...Array.from({ length: 5 }, () => [`test ${FORMER_ROLE}`, "sleep 500"]).flat(),
    ];

    /** By a dry run of a pod with the role: another component's injection guard may refuse it. */
    const tested = `test ${FORMER_ROLE}`;

    it("attaches the recorded policies again, waits for IAM, and widens the injection guard, in this order", async () => {
        const waits = { iamPropagationSeconds: 90 };
        const { calls, approvedRole } = await update({ subject: next, ...waits }, {}, GUARD, stripped);
        deepStrictEqual(calls, [tested, `attach nodes ${CNI_POLICY}`, "sleep 90000", ...admitted]);
        deepStrictEqual(approvedRole, `${FORMER_ROLE} AROACNI`);
    });

    it("attaches policies again that another cluster's run had detached before", async () => {
        const neverSeen = { ...record, nodeRolePolicies: { nodes: [] }, detachedBefore: { nodes: [CNI_POLICY] } };
        const { calls } = await update({ subject: next }, { record: neverSeen }, {}, stripped);
        deepStrictEqual(
            calls.filter((call) => call.startsWith("attach")),
            [`attach nodes ${CNI_POLICY}`],
        );
    });

    it("only widens the guard where no node role is recorded", async () => {
        const none = { record: { ...record, namedNodeRoles: [], nodeRolePolicies: {} } };
        const { calls } = await update({ subject: next, iamPropagationSeconds: 90 }, none, GUARD, stripped);
        deepStrictEqual(calls, [tested, ...admitted]);
    });

    it("does neither for the same role, whose former annotations stay", async () => {
        const former = { formerAnnotations: { a: "1" } };
        const { calls, formerAnnotations } = await update({ drift: "d" }, former, GUARD);
        deepStrictEqual([calls, formerAnnotations], [[], { a: "1" }]);
    });

    it("keeps the annotations of the same role as the former ones, if pods rely on it", async () => {
        const changed = { ...subject, annotations: { ...subject.annotations, [REGIONAL]: "true" } };
        const { calls, formerAnnotations } = await update({ subject: changed }, {}, GUARD, stripped);
        deepStrictEqual([calls, formerAnnotations], [[], subject.annotations]);
    });

    it("ends at its limit where IAM does not show the policies", async () => {
        const timeouts = { ...DEFAULT_TIMEOUTS, handBackSeconds: 50 };
        const what = "Attaching the policies to the node roles again, before the service account gets another role,";
        await rejects(
            update({ subject: next, timeouts }, {}, {}, stripped, false),
            refusals.timeout(what, 50, "timeouts.handBackSeconds", "IAM does not show the attachment yet"),
        );
    });

    it("approves a role of another owner by its ARN alone, and does not record it as its own", async () => {
        const { approvedRole, record: saved } = await update({ subject: next, roleUniqueId: "" });
        deepStrictEqual([approvedRole, saved.ownRoleArns], [FORMER_ROLE, [ROLE]]);
        const own = await update({ subject: next });
        deepStrictEqual(own.record.ownRoleArns, [ROLE, FORMER_ROLE]);
    });

    it("refuses another cluster than the one of the record", async () =>
        rejects(
            update({ subject: next }, { record: { ...record, clusterUid: "before" } }),
            refusals.clusterChanged("before", "cluster"),
        ));
});

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

    it("knows the service account that it leaves", async () => {
        const moved = { ...subject, serviceAccount: formerAccount };
        const named = { record: withServiceAccount(record, subject.serviceAccount) };
        const { record: saved, subjects } = await update({ subject: moved }, named);
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
        const named = { record: withServiceAccount(record, subject.serviceAccount) };
        await rejects(update({ subject: moved }, named, carried), { code: "service-account-in-use" });
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

describe("An update of the credential guard, on a node role that other clusters use,", () => {
    const detached = { nodeRoles: [sharedAndDetached(BLUE)] };
    const named = { handedOverClusterArns: [BLUE, GREEN] };

    it("attaches the policy again if a cluster is no longer named", async () => {
        const { calls, record: saved } = await update({ handedOverClusterArns: [GREEN] }, named, {}, detached);
        deepStrictEqual(calls, [`attach nodes ${CNI_POLICY}`]);
        deepStrictEqual(saved.foundDetached, ["nodes"]);
    });

    it("attaches one that this component has never seen", async () => {
        const neverSeen = { ...record, nodeRolePolicies: { nodes: [] }, detachedBefore: { nodes: [CNI_POLICY] } };
        const { calls, record: saved } = await update({}, { ...named, record: neverSeen }, {}, detached);
        deepStrictEqual(calls, [`attach nodes ${CNI_POLICY}`]);
        deepStrictEqual(saved.nodeRolePolicies, { nodes: [] });
    });

    it("attaches nothing if the clusters are the same, or more of them", async () => {
        for (const [before, after] of [
            [named, { ...named, drift: "d" }],
            [{ handedOverClusterArns: [GREEN] }, named],
        ]) {
            deepStrictEqual((await update(after ?? {}, before, {}, detached)).calls, []);
        }
    });

    it("attaches nothing to a role that the program has not listed before", async () => {
        const unlisted = { ...record, namedNodeRoles: [] };
        deepStrictEqual((await update({}, { ...named, record: unlisted }, {}, detached)).calls, []);
    });

    it("ends at its limit where IAM does not show the policies", async () => {
        const timeouts = { ...DEFAULT_TIMEOUTS, handBackSeconds: 50 };
        const what =
            "Attaching the policies to the node roles again, since handedOverClusterArns no longer lists a cluster that uses them,";
        await rejects(
            update({ timeouts }, named, {}, detached, false),
            refusals.timeout(what, 50, "timeouts.handBackSeconds", "IAM does not show the attachment yet"),
        );
    });

    it("records a policy that it has never seen, for the way back", async () => {
        const fresh = { ...record, namedNodeRoles: [], nodeRolePolicies: {} };
        const { record: saved } = await update({ drift: "d" }, { record: fresh }, {}, detached);
        deepStrictEqual(
            [saved.namedNodeRoles, saved.nodeRolePolicies, saved.detachedBefore, saved.foundDetached],
            [["nodes"], { nodes: [] }, { nodes: [CNI_POLICY] }, ["nodes"]],
        );
    });
});
