import { deepStrictEqual } from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import type { HandOverRecord } from "../../../../handover/model/record";
import type { RunContext } from "../../../../handover/observe/runContext";
import { credentialGuard } from "../../../../handover/run/credentialGuardResource";
import {
    CNI_POLICY,
    FORMER_ROLE,
    MANAGER,
    NOW,
    onNodeRole,
    record,
    ROLE,
    ROLE_ARN,
    subject,
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
    const state = {
        subject,
        timeouts: DEFAULT_TIMEOUTS,
        iamPropagationSeconds: 120,
        forceDestroy: false,
        drift: "none",
        proof: "full" as const,
        overrideExistingServiceAccount: false,
        detachFromNodeRoles: ["nodes"],
        detachPolicyArns: [],
        injectionGuard: true,
        policyArns: [CNI_POLICY],
        additionalPolicies: false,
        formerAnnotations: {},
        approvedRole: "a",
        roleUniqueId: guard.roleUniqueId,
        record: { ...record, ...guard.record },
    };
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
