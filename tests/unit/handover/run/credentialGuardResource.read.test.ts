import { deepStrictEqual, match } from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import type { Proof } from "../../../../handover/model/proof";
import { refusals } from "../../../../handover/model/refusals";
import type { NodeRoleSeen, World } from "../../../../handover/model/world";
import type { RunContext } from "../../../../handover/observe/runContext";
import { credentialGuard } from "../../../../handover/run/credentialGuardResource";
import {
    carrying,
    CNI_POLICY,
    nodeRole,
    OTHER_POLICY,
    record,
    ROLE,
    subject,
    withoutPolicies,
    world,
} from "../support/worlds";

const state = {
    subject,
    timeouts: DEFAULT_TIMEOUTS,
    iamPropagationSeconds: 120,
    forceDestroy: false,
    drift: "none",
    proof: "full" as const,
    overrideExistingServiceAccount: false,
    detachFromNodeRoles: ["nodes"],
    injectionGuard: true,
    policyArns: [CNI_POLICY],
    additionalPolicies: false,
    roleUniqueId: "AROACNI",
    record,
    formerAnnotations: {},
    approvedRole: "a",
};

/** Refreshes the guard of a cluster that was handed over. */
async function refresh(
    roles: readonly NodeRoleSeen[],
    more: Partial<typeof state> = {},
    cluster: Partial<World["cluster"]> = {},
    proof: Proof = { verdict: "yes", evidence: [] },
) {
    const lines: string[] = [];
    const warnings: string[] = [];
    const opened: (readonly string[])[] = [];
    const seen = world(carrying(ROLE), { cluster, account: { nodeRoles: roles } });
    const context = {
        subject,
        roleNames: ["nodes"],
        now: () => seen.at,
        progress: (line: string) => lines.push(line),
        warn: (line: string) => warnings.push(line),
        cluster: {
            look: () => Promise.resolve(seen.cluster),
            requestToken: () => Promise.resolve("token"),
            close: () => undefined,
        },
        aws: {
            look: () => Promise.resolve(seen.account),
            prove: () => Promise.resolve(proof),
        },
    } as unknown as RunContext;
    const read = await credentialGuard.read(
        { ...state, ...more },
        {
            progress: () => undefined,
            open: (_, roleNames) => {
                opened.push(roleNames);
                return Promise.resolve(context);
            },
        },
    );
    return { ...read, lines, warnings, opened };
}

describe("A refresh of the credential guard", () => {
    const kept = { record, formerAnnotations: {}, approvedRole: "a" };
    const drift = (arn: string) =>
        `${arn} was attached to nodes after the hand-over began. Run pulumi up --refresh: it records this policy, and then detaches it.`;
    const other = { arn: OTHER_POLICY, kind: "cni", sufficient: true } as const;

    it("records nothing, whatever it sees", async () => {
        const { outputs } = await refresh([nodeRole({ cniPolicies: [other] }), nodeRole({ name: "another" })]);
        deepStrictEqual(outputs, kept);
    });

    it("is silent where the policies are as the last update left them", async () => {
        const silent = { outputs: kept, drift: "none", lines: [], warnings: [], opened: [["nodes"]] };
        deepStrictEqual(await refresh([nodeRole(withoutPolicies)]), silent);
    });

    it("warns that the next update has to record a policy", async () => {
        const line = drift(OTHER_POLICY);
        const roles = [nodeRole({ cniPolicies: [other] })];
        deepStrictEqual(await refresh(roles), {
            outputs: kept,
            drift: line,
            lines: [],
            warnings: [line],
            opened: [["nodes"]],
        });
    });

    it("says first that the role has lost its rights", async () => {
        const none = { ...record, nodeRolePolicies: {} };
        const lost: Proof = { verdict: "no", code: "permission-missing", why: "no DescribeSubnets", final: false };
        const found = await refresh([nodeRole()], { record: none }, {}, lost);
        deepStrictEqual([found.warnings.length, found.lines], [2, []]);
        match(found.warnings[0] ?? "", /can no longer use .*: no DescribeSubnets\./);
        deepStrictEqual(found.drift, found.warnings.join(" "));
    });

    it("means AWS's managed policy, too", async () => {
        const none = { ...record, nodeRolePolicies: {} };
        const { drift: found } = await refresh([nodeRole()], { record: none });
        deepStrictEqual(found, drift(CNI_POLICY));
    });

    it("says that another cluster answers, and nothing else about it, so that the next update refuses before it patches it", async () => {
        const none = { ...record, nodeRolePolicies: {} };
        const { drift: found, warnings } = await refresh([nodeRole()], { record: none }, { uid: "another" });
        deepStrictEqual(found, refusals.clusterChanged(record.clusterUid, "another").seen);
        deepStrictEqual(warnings, [found]);
    });
});
