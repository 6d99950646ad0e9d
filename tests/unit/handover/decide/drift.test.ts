import { strictEqual } from "node:assert/strict";
import { unrecordedPolicies } from "../../../../handover/decide/drift";
import type { NodeRoleSeen } from "../../../../handover/model/world";
import { BROAD_POLICY, CNI_POLICY, nodeRole, OTHER_POLICY, record, subject } from "../support/worlds";

describe("What a refresh shows of the record", () => {
    const target = { subject, record, detachFromNodeRoles: ["nodes", "more"] };
    const unrecorded = (policy: string, role: string) =>
        `${policy} was attached to ${role} after the hand-over began. Run pulumi up --refresh: it records this policy, and then detaches it.`;
    const broad = { arn: BROAD_POLICY, kind: "broad", sufficient: true } as const;
    const rows: [string, NodeRoleSeen[], string | undefined, Partial<typeof target>?][] = [
        ["is nothing where the policy is recorded", [nodeRole()], undefined],
        ["is a policy that is not recorded", [nodeRole({ name: "more" })], unrecorded(CNI_POLICY, "more")],
        [
            "is each of them",
            [nodeRole(), nodeRole({ name: "more" })],
            `${unrecorded(CNI_POLICY, "nodes")} ${unrecorded(CNI_POLICY, "more")}`,
            { record: { ...record, nodeRolePolicies: {} } },
        ],
        [
            "is no detachment from a role that other clusters use",
            [nodeRole({ name: "more", instancesElsewhere: ["eu-west-1/i-9"] })],
            `${CNI_POLICY} was attached to more after the hand-over began. Run pulumi up --refresh: it records this policy.`,
        ],
        [
            "is none from a role that other clusters were seen to use",
            [nodeRole({ name: "more" })],
            `${CNI_POLICY} was attached to more after the hand-over began. Run pulumi up --refresh: it records this policy.`,
            { record: { ...record, detachedBefore: { more: [OTHER_POLICY] } } },
        ],
        [
            "is nothing of a policy that another cluster's run had detached before: destroy attaches it if it must",
            [nodeRole({ name: "more" })],
            undefined,
            { record: { ...record, detachedBefore: { more: [CNI_POLICY] } } },
        ],
        ["is nothing of a policy that stays attached", [nodeRole({ name: "more", cniPolicies: [broad] })], undefined],
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
