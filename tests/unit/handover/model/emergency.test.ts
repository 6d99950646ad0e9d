import { strictEqual } from "node:assert/strict";
import { emergencyCommand, inAnEmergency } from "../../../../handover/model/emergency";
import { CNI_POLICY, OTHER_POLICY, subject } from "../support/worlds";

const AFTER =
    "sleep 120 && kubectl delete validatingadmissionpolicybinding guard && kubectl annotate daemonset aws-node -n kube-system " +
    '--overwrite eks-cni/woken-at="$(date -u +%FT%TZ)"';
const attach = (role: string, arn: string) => `aws iam attach-role-policy --role-name ${role} --policy-arn ${arn}`;
const nodeRolePolicies = { nodes: [OTHER_POLICY, CNI_POLICY] };

describe("The line for an emergency", () => {
    const rows: [string, "ipv4" | "ipv6", string[], string][] = [
        [
            "attaches AWS's policy to each node role, then waits, deletes the binding and wakes the controller",
            "ipv4",
            ["nodes", "more"],
            `${attach("nodes", CNI_POLICY)} && ${attach("more", CNI_POLICY)} && ${AFTER}`,
        ],
        [
            "attaches what the node role had on IPv6",
            "ipv6",
            ["nodes", "more"],
            `${attach("nodes", OTHER_POLICY)} && ${attach("nodes", CNI_POLICY)} && ${AFTER}`,
        ],
        ["is empty without a policy that is known", "ipv6", ["more"], ""],
        ["is empty without a node role", "ipv4", [], ""],
    ];
    for (const [what, ipFamily, namedNodeRoles, expected] of rows) {
        it(what, () =>
            strictEqual(emergencyCommand({ ...subject, ipFamily }, { namedNodeRoles, nodeRolePolicies }), expected),
        );
    }

    it("stands at the end of a message, if there is one", () => {
        strictEqual(inAnEmergency("a && b"), " In an emergency, this line lets pods run without the role: a && b");
        strictEqual(inAnEmergency(""), "");
    });
});
