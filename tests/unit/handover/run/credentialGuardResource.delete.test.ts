import { deepStrictEqual, match, rejects } from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import { LIVE_CHECKS_ANNOTATION, LIVE_CHECKS_OFF } from "../../../../documents/serviceAccountAnnotations";
import type { AddOnSeen } from "../../../../handover/model/addOn";
import type { HandOverRecord } from "../../../../handover/model/record";
import type { TurningOff } from "../../../../handover/model/turningOff";
import type { AccountSeen, ClusterSeen, ServiceAccountSeen } from "../../../../handover/model/world";
import type { RunContext } from "../../../../handover/observe/runContext";
import {
    credentialGuard,
    CredentialGuardInputs,
    CredentialGuardOutputs,
} from "../../../../handover/run/credentialGuardResource";
import { addOn as managedAddOn, missing } from "../support/addOns";
import { guardState } from "../support/guardStates";
import { BLUE, sharedAndDetached } from "../support/sharedNodeRoles";
import {
    carrying,
    CNI_POLICY,
    FORMER_ROLE,
    MANAGER,
    node,
    nodeRole,
    NOW,
    onNodeRole,
    pod,
    pods,
    record,
    ROLE,
    ROLE_ARN,
    starting,
    subject,
    withoutPolicies,
    world,
} from "../support/worlds";

/** Hands back a cluster whose pods already use the node role, so that only the service account remains. Returns the calls. */
async function handBack(guard: { readonly record: Partial<HandOverRecord>; readonly roleUniqueId: string }) {
    const done: unknown[] = [];
    let now = NOW;
    let roleArnOwners = [MANAGER, "kubectl-annotate"];
    const context = {
        subject,
        roleNames: ["nodes"],
        now: () => now,
        progress: () => undefined,
        sleep: (milliseconds: number) => Promise.resolve((now += milliseconds)),
        cluster: {
            look: () =>
                Promise.resolve({
                    ...world(onNodeRole).cluster,
                    serviceAccount: { uid: "account", annotations: {}, roleArnOwners },
                }),
            identity: () => Promise.resolve({ uid: "cluster", serviceAccountUid: "account" }),
            requestToken: () => Promise.resolve("token"),
            releaseServiceAccount: (leaving: unknown) => {
                done.push(["release", leaving]);
                roleArnOwners = [];
                return Promise.resolve();
            },
            change: () => Promise.resolve((now += 31_000)),
            close: () => undefined,
        },
        aws: {
            look: () => Promise.resolve(world(onNodeRole).account),
            prove: ({ roleArn }: { roleArn: string }) => {
                done.push(["prove", roleArn]);
                return Promise.resolve({ verdict: "yes", evidence: [] });
            },
        },
    } as unknown as RunContext;
    const { roleUniqueId } = guard;
    const state = { ...guardState, roleUniqueId, record: { ...record, ...guard.record } };
    await credentialGuard.delete(state, { progress: () => undefined, open: () => Promise.resolve(context) });
    return done;
}

describe("The hand-back of a service account that was annotated before", () => {
    const before = (roleArn: string) => ({ originalAnnotations: { [ROLE_ARN]: roleArn } });
    const back = (roleArn: string) => [
        ["prove", roleArn],
        ["release", { [ROLE_ARN]: roleArn }],
    ];
    const nothing = [["release", {}]];
    const rows: [string, Parameters<typeof handBack>[0], unknown[]][] = [
        ["gives it its role back", { record: before(FORMER_ROLE), roleUniqueId: "AROACNI" }, back(FORMER_ROLE)],
        ["gives it a role back that stays", { record: before(ROLE), roleUniqueId: "" }, back(ROLE)],
        [
            "gives it no role back that goes with the component",
            { record: { ...before(ROLE), ownRoleArns: [ROLE] }, roleUniqueId: "AROACNI" },
            nothing,
        ],
        [
            "gives it none back that goes since an update that was killed",
            { record: { ...before(FORMER_ROLE), ownRoleArns: [FORMER_ROLE] }, roleUniqueId: "AROACNI" },
            nothing,
        ],
        ["knows it of a record of before as well", { record: before(ROLE), roleUniqueId: "AROACNI" }, nothing],
        [
            "gives it a role back that is not one of the component's own",
            { record: { ...before(FORMER_ROLE), ownRoleArns: [ROLE] }, roleUniqueId: "AROACNI" },
            back(FORMER_ROLE),
        ],
    ];
    for (const [what, guard, expected] of rows) {
        it(what, async () => deepStrictEqual(await handBack(guard), expected));
    }
});

describe("The delete of the credential guard", () => {
    const stripped = { nodeRoles: [nodeRole(withoutPolicies)] };
    const annotations = { [ROLE_ARN]: ROLE, [LIVE_CHECKS_ANNOTATION]: LIVE_CHECKS_OFF };
    const released: ServiceAccountSeen = { uid: "account", annotations: {}, roleArnOwners: [] };

    /** Deletes the guard of a cluster whose pods use the node role, or carry the role. */
    function deleted(
        more: Partial<CredentialGuardInputs & CredentialGuardOutputs>,
        account: Partial<AccountSeen>,
        cluster: Partial<ClusterSeen> = { serviceAccount: released },
        turningOff?: TurningOff,
        addOn: () => Promise<AddOnSeen> = () => Promise.resolve(missing),
    ) {
        const [calls, lines]: [string[], string[]] = [[], []];
        const opened: (readonly string[])[] = [];
        let now = NOW;
        const seen = world(cluster.serviceAccount === released ? onNodeRole : carrying(ROLE), { cluster, account });
        let { nodeRoles } = seen.account;
        const context = {
            subject,
            roleNames: ["nodes"],
            now: () => now,
            progress: (line: string) => lines.push(line),
            sleep: (milliseconds: number) => {
                calls.push(`sleep ${String(milliseconds)}`);
                return Promise.resolve((now += milliseconds));
            },
            ...(turningOff === undefined ? {} : { turningOff }),
            cluster: {
                look: () => Promise.resolve(seen.cluster),
                identity: () => Promise.resolve({ uid: "cluster" }),
                change: () => Promise.resolve((now += 2000)),
                close: () => undefined,
            },
            aws: {
                look: () => Promise.resolve({ ...seen.account, nodeRoles }),
                addOn,
                attach: (name: string, arn: string) => {
                    calls.push(`attach ${name} ${arn}`);
                    const cniPolicies = [{ arn, kind: "cni", sufficient: true }] as const;
                    nodeRoles = nodeRoles.map((role) => (role.name === name ? { ...role, cniPolicies } : role));
                    return Promise.resolve("attached");
                },
            },
        } as unknown as RunContext;
        const operation = {
            progress: () => undefined,
            open: (_: unknown, roleNames: readonly string[]) => {
                opened.push(roleNames);
                return Promise.resolve(context);
            },
        };
        const ended = credentialGuard.delete({ ...guardState, ...more }, operation);
        return { ended, calls, lines, opened };
    }

    it("attaches the recorded policies again, to the recorded roles", async () => {
        const { ended, calls, opened } = deleted({}, stripped);
        await ended;
        deepStrictEqual(calls, [`attach nodes ${CNI_POLICY}`]);
        deepStrictEqual([...new Set(opened.flat())], ["nodes"]);
    });

    it("warns once that the clusters which share a node role must not name this one any more", async () => {
        const { ended, lines } = deleted({}, { nodeRoles: [sharedAndDetached(BLUE)] });
        await ended;
        deepStrictEqual(
            lines.filter((line) =>
                line.startsWith("warning: from now on the pods of this cluster need the node role nodes"),
            ),
            lines.slice(0, 1),
        );
        match(lines[0] ?? "", /which also serves arn:aws:eks:\S+cluster\/blue\./);
    });

    it("warns about an idle role of the same program, which gets nothing back", async () => {
        const idle = { nodeRoles: [nodeRole({ ...withoutPolicies, instancesOfCluster: [] })] };
        const { ended, calls, lines } = deleted({ ownNodeRoles: ["nodes"] }, idle);
        await ended;
        deepStrictEqual(calls, []);
        match(lines.join("\n"), /warning: nodes has no nodes and belongs to this program/);
    });

    it("leaves role and pods when the live checks are turned off, after the policies are back", async () => {
        const off = { serviceAccount: { uid: "account", annotations, roleArnOwners: [MANAGER] } };
        const { ended, calls, lines } = deleted({}, stripped, off, "annotated");
        await ended;
        deepStrictEqual(calls, [`attach nodes ${CNI_POLICY}`]);
        deepStrictEqual(lines.at(-1), "the live checks are turned off: annotation, pods and role stay as they are");
    });

    describe("with an add-on that another program has given a role, beside a component that has told it nothing,", () => {
        const named = { subject: { ...subject, clusterName: "prod" } };
        const ofProgram = { ...named, record: { ...record, ownRoleArns: [ROLE] } };
        const carried = (roleArn: string) => () => Promise.resolve(managedAddOn(roleArn));

        it("refuses if that role goes with the component", async () => {
            await rejects(deleted(ofProgram, {}, undefined, undefined, carried(ROLE)).ended, {
                code: "role-still-delivered",
            });
        });

        it("ends if the role stays, or is another one, or if EKS does not show it", async () => {
            await deleted({ ...named, roleUniqueId: "" }, {}, undefined, undefined, carried(ROLE)).ended;
            await deleted(ofProgram, {}, undefined, undefined, carried(FORMER_ROLE)).ended;
            await deleted(ofProgram, {}, undefined, undefined, () => Promise.reject(new Error("no route"))).ended;
        });

        it("ends if the live checks are turned off, since the role stays then", async () => {
            const off = { serviceAccount: { uid: "account", annotations, roleArnOwners: [MANAGER] } };
            await deleted(ofProgram, {}, off, "annotated", carried(ROLE)).ended;
        });
    });

    it("skips as many NotReady nodes as the last update said, and none in a state that does not say", async () => {
        const silent = {
            serviceAccount: released,
            nodes: [node("n1"), node("n2"), node("n3", { ready: false })],
            pods: pods(onNodeRole, pod("n3", onNodeRole, starting)),
        };
        await deleted({ maxNotReadyNodes: 1 }, {}, silent).ended;
        await rejects(deleted({}, {}, silent).ended, { code: "time-limit" });
    });

    it("ends at the limit of the hand-back", async () => {
        const timeouts = { ...DEFAULT_TIMEOUTS, handBackSeconds: 40 };
        const stuck = { serviceAccount: released, pods: pods(onNodeRole, pod("n1", onNodeRole, starting)) };
        const { ended } = deleted({ timeouts }, {}, stuck);
        await rejects(
            ended,
            ({ message }: Error) =>
                message.startsWith("[time-limit] The hand-back reached its limit of 40 s.") &&
                message.includes("timeouts.handBackSeconds"),
        );
    });
});
