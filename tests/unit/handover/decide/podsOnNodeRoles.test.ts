import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { nodeRoleInUse, otherNodesOf, undecidedNodes } from "../../../../handover/decide/podsOnNodeRoles";
import type { AssociationsSeen } from "../../../../handover/model/association";
import type { Refusal } from "../../../../handover/model/refusal";
import type { ClusterSeen, OtherNodeSeen, PodOnNodeRole } from "../../../../handover/model/world";
import { associated, associations, own, seen } from "../support/podIdentity";
import {
    FORMER_ROLE,
    nodeRole,
    NOW,
    onNodeRole,
    otherNode,
    podOnNodeRole,
    seconds,
    serviceAccount,
    subject,
    world,
} from "../support/worlds";

const WINDOWS = { namespace: "kube-system", name: "aws-node-windows" };
const roles = [nodeRole({ instancesOfCluster: ["i-n1", "i-n4"] })];
const withPods = (of: Partial<ClusterSeen>, ...pods: PodOnNodeRole[]) =>
    world(onNodeRole, { cluster: { otherNodes: [otherNode(...pods)], ...of } }).cluster;

/** The names in the refusal. */
const namesIn = (refusal: Refusal | undefined) => /: ([^:]*)\.$/.exec(refusal?.seen ?? "")?.[1];
const refused = (of: Partial<ClusterSeen>, ...pods: PodOnNodeRole[]) =>
    namesIn(nodeRoleInUse(subject, roles, { ...world(onNodeRole), cluster: withPods(of, ...pods) }));

describe("The nodes that the DaemonSet does not select", () => {
    it("count by the role of their instance", () => {
        const otherNodes = [otherNode(), { name: "far", instanceId: "i-n5" }];
        deepStrictEqual(otherNodesOf(roles, withPods({ otherNodes })), [otherNode()]);
        deepStrictEqual(otherNodesOf([], withPods({ otherNodes })), []);
        deepStrictEqual(otherNodesOf(roles, world(onNodeRole).cluster), []);
    });

    it("keep the policy of their role while pods of the plugin there use it", () => {
        strictEqual(refused({}, podOnNodeRole("arm-1"), podOnNodeRole("arm-2")), "arm-1, arm-2");
        strictEqual(refused({}), undefined);
        strictEqual(refused({ otherNodes: [{ ...otherNode(podOnNodeRole("arm-1")), instanceId: "i-n5" }] }), undefined);
    });

    it("are named of one DaemonSet at a time", () => {
        const pods = [podOnNodeRole("arm-1"), podOnNodeRole("windows-1", false, WINDOWS), podOnNodeRole("arm-2")];
        strictEqual(refused({}, ...pods), "arm-1, arm-2");
        const elsewhere = podOnNodeRole("arm-3", false, { namespace: "network", name: "aws-node-arm" });
        strictEqual(refused({}, elsewhere, podOnNodeRole("arm-1")), "arm-3");
    });

    it("have no reason in pods that get the role when they restart, before the service account has its annotation", () => {
        const notYet = { serviceAccount: { ...serviceAccount, annotations: {} } };
        const shares = podOnNodeRole("arm-1", true);
        strictEqual(refused(notYet, shares), undefined);
        strictEqual(refused(notYet, shares, podOnNodeRole("arm-2")), "arm-2");
        strictEqual(refused({}, shares), "arm-1");
    });

    it("have no reason in them before an association gives them the role, whatever annotation there is", () => {
        const shares = { otherNodes: [otherNode(podOnNodeRole("arm-1", true))] };
        const inUse = (list: AssociationsSeen | undefined, more: Partial<ClusterSeen> = {}) =>
            namesIn(
                nodeRoleInUse(
                    associated,
                    roles,
                    seen(onNodeRole, {
                        cluster: { ...shares, ...more },
                        account: list === undefined ? {} : { associations: list },
                    }),
                ),
            );
        const without = { ...world(onNodeRole, { cluster: shares }) };
        deepStrictEqual(
            [
                inUse(associations()),
                inUse(associations({ ...own, roleArn: FORMER_ROLE })),
                inUse(associations({ ...own, modifiedAt: seconds(-29) })),
                inUse(associations({ ...own, modifiedAt: seconds(-30) })),
                inUse(associations(), { otherNodes: [otherNode(podOnNodeRole("arm-1"))] }),
                // Not read.
                namesIn(nodeRoleInUse(associated, roles, without)),
            ],
            [undefined, undefined, undefined, "arm-1", "arm-1", "arm-1"],
        );
    });

    it("have an unknown role for as long as EC2 may show their instances late, if pods there may use it", () => {
        const undecided = (node: OtherNodeSeen, ...undecidedInstances: string[]) =>
            undecidedNodes(world(onNodeRole, { cluster: { otherNodes: [node] }, account: { undecidedInstances } }))
                .length;
        const young = { ...otherNode(podOnNodeRole("arm-1")), joinedAt: seconds(-299) };
        strictEqual(undecided(young, "i-n4"), 1);
        strictEqual(undecided(young, "i-n5"), 0);
        strictEqual(undecided({ ...otherNode(), joinedAt: NOW }, "i-n4"), 0);
        // The instance is gone, or belongs to another account.
        strictEqual(undecided({ ...young, joinedAt: seconds(-300) }, "i-n4"), 0);
        strictEqual(undecided(otherNode(podOnNodeRole("arm-1")), "i-n4"), 0);
        strictEqual(undecidedNodes(world(onNodeRole, { cluster: { otherNodes: [young] } })).length, 0);
        strictEqual(undecidedNodes(world(onNodeRole, { account: { undecidedInstances: ["i-n4"] } })).length, 0);
    });
});
