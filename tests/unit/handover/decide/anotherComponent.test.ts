import { strictEqual } from "node:assert/strict";
import { anotherComponent } from "../../../../handover/decide/anotherComponent";
import type { World } from "../../../../handover/model/world";
import { DONE, guardInForce, podsWithoutRole, podsWithRole, released, table } from "../support/handBacks";
import {
    attach,
    carrying,
    FORMER_ROLE,
    MANAGER,
    nodeRole,
    onNodeRole,
    otherCarrier,
    pod,
    pods,
    ROLE,
    ROLE_ARN,
    serviceAccount,
    subject,
    withoutPolicies,
} from "../support/worlds";

const THEIRS = "eks-cni/network/staging/cni";
const account = { nodeRoles: [nodeRole(withoutPolicies)] };
const theirs = {
    serviceAccount: { ...serviceAccount, annotations: { [ROLE_ARN]: FORMER_ROLE }, roleArnOwners: [THEIRS] },
    pods: pods(carrying(FORMER_ROLE)),
};
/** The other component has handed all pods over, and has detached the policy. */
const handedOver = (cluster: Partial<World["cluster"]> = {}) => podsWithoutRole({ ...theirs, ...cluster }, account);
const ATTACH = { do: "attach", policies: attach("nodes"), why: "attaching the recorded policies again to nodes" };

describe("The other component of a service account", () => {
    const of = (...roleArnOwners: string[]) => anotherComponent(subject, { roleArnOwners });
    it("is the field manager of another one of this package", () => {
        strictEqual(of("eks", THEIRS), THEIRS);
        strictEqual(of(MANAGER, THEIRS), THEIRS);
    });
    it("is neither the component itself nor another tool, and is missing without a service account", () => {
        strictEqual(of(MANAGER, "eks", "kubectl-annotate"), undefined);
        strictEqual(anotherComponent(subject, undefined), undefined);
    });
});

table("The hand-back of a component of which another one has taken the pods", [
    ["attaches nothing: the policies are the other one's to give back", handedOver(), DONE, {}, released],
    [
        "attaches them if a pod carries its own role",
        handedOver({ pods: pods(carrying(FORMER_ROLE), pod("n1", carrying(ROLE))) }),
        ATTACH,
    ],
    [
        "attaches them if a pod uses its node role",
        handedOver({ pods: pods(carrying(FORMER_ROLE), pod("n1", onNodeRole)) }),
        ATTACH,
    ],
    ["attaches them if there is no pod", handedOver({ pods: [] }), ATTACH],
    ["attaches them if its injection guard is there", handedOver({ injectionGuard: guardInForce }), ATTACH],
    [
        "attaches them if the pods are those of a person",
        handedOver({ serviceAccount: { ...theirs.serviceAccount, roleArnOwners: ["kubectl-annotate"] } }),
        ATTACH,
    ],
    [
        "attaches them if a pod of another DaemonSet carries its role",
        handedOver({ otherCarriers: [otherCarrier("other", ROLE)] }),
        ATTACH,
    ],
    ["attaches them as long as the pods carry its role", podsWithRole({}, account), ATTACH],
]);
