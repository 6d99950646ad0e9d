import { strictEqual } from "node:assert/strict";
import { driftOf, unrecordedPolicies } from "../../../../handover/decide/drift";
import { Refusal } from "../../../../handover/model/refusal";
import type { Step } from "../../../../handover/model/steps";
import type { NodeRoleSeen } from "../../../../handover/model/world";
import { CNI_POLICY, nodeRole, OTHER_POLICY, record, subject } from "../support/worlds";

const detach = (...roles: [string, string][]): Step => ({
    do: "detach",
    policies: roles.map(([roleName, policyArn]) => ({ roleName, policyArn })),
    why: "3 pods carry the role: detaching the policies from nodes",
});
const back = (policy: string, role: string) =>
    `${policy} is attached to ${role} again. The next update detaches it. If a program attaches it ` +
    "(aws.iam.RolePolicyAttachment), remove that resource from the program, or each update undoes the other's work.";

describe("What a refresh shows of the detachment", () => {
    const refusal = new Refusal("service-account-missing", "It is not there.", "means", "fix");
    const rows: [string, Step, string | undefined][] = [
        ["is nothing where all is as the last update left it", { do: "done", why: "3 pods carry the role" }, undefined],
        ["is what was seen where the next update would refuse", { do: "refuse", refusal }, "It is not there."],
        [
            "is what the next update does first",
            { do: "wait", why: "1 of 3 pods is not Ready" },
            "1 of 3 pods is not Ready",
        ],
        [
            "is a policy that came back, and who may have attached it",
            detach(["nodes", CNI_POLICY]),
            back(CNI_POLICY, "nodes"),
        ],
        [
            "is each of them",
            detach(["nodes", CNI_POLICY], ["more", OTHER_POLICY]),
            `${back(CNI_POLICY, "nodes")} ${back(OTHER_POLICY, "more")}`,
        ],
        [
            "is of those that came back where others never left",
            detach(["nodes", CNI_POLICY], ["late", CNI_POLICY]),
            back(CNI_POLICY, "nodes"),
        ],
        [
            "is what the next update does where no policy has left yet",
            detach(["late", CNI_POLICY]),
            "3 pods carry the role: detaching the policies from nodes",
        ],
    ];
    for (const [what, step, drift] of rows) {
        it(what, () => strictEqual(driftOf(step, ["nodes", "more"]), drift));
    }
});

describe("What a refresh shows of the record", () => {
    const target = { subject, record, detachFromNodeRoles: ["nodes", "more"], detachPolicyArns: undefined };
    const unrecorded = (policy: string, role: string) =>
        `${policy} was attached to ${role} after the hand-over began. The next update records it, and then detaches it.`;
    const other = { arn: OTHER_POLICY, kind: "cni", sufficient: true } as const;
    const rows: [string, NodeRoleSeen[], string | undefined, Partial<typeof target>?][] = [
        ["is nothing where the policy is recorded", [nodeRole()], undefined],
        ["is a policy that is not recorded", [nodeRole({ name: "more" })], unrecorded(CNI_POLICY, "more")],
        [
            "is each of them",
            [nodeRole(), nodeRole({ name: "more" })],
            `${unrecorded(CNI_POLICY, "nodes")} ${unrecorded(CNI_POLICY, "more")}`,
            { record: { ...record, nodeRolePolicies: {} } },
        ],
        ["is nothing of a policy that stays attached", [nodeRole({ name: "more", cniPolicies: [other] })], undefined],
        ["is nothing of a role that is not listed", [nodeRole({ name: "idle" })], undefined],
        ["is nothing of a role that is gone", [nodeRole({ name: "more", exists: false })], undefined],
        ["is nothing where nothing is detached", [nodeRole({ name: "more" })], undefined, { detachFromNodeRoles: [] }],
    ];
    for (const [what, roles, drift, more] of rows) {
        it(what, () =>
            strictEqual(unrecordedPolicies({ ...target, ...more }, { roleOfInstance: {}, nodeRoles: roles }), drift),
        );
    }
});
