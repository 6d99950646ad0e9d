import { detached, inForce, verified, right, table, wait } from "../support/detachments";
import {
    instance,
    terminating,
    node,
    nodeRole,
    otherNode,
    pod,
    podOnNodeRole,
    pods,
    record,
    memoryWith,
    NOW,
    ROLE,
    seconds,
    starting,
} from "../support/worlds";

const noGuard = { injectionGuard: { present: false, inForce: false } };

table("Nothing leaves the node roles", [
    [
        "where none is named: the pods are verified",
        verified(),
        { do: "done", why: "3 pods carry the role" },
        { detachFromNodeRoles: undefined, injectionGuard: true },
    ],
    [
        "while a pod has been Ready for less than the watch",
        verified({ pods: pods(right, pod("n2", right, { readySince: seconds(-19) })) }),
        wait("all 3 pods carry the role; watching them for 20 s"),
    ],
    [
        "while the look at the cluster, which is older than the one at the account, shows a pod Ready for less than the watch",
        verified({ pods: pods(right, pod("n2", right, { readySince: seconds(-25) })), seenAt: seconds(-6) }),
        wait("all 3 pods carry the role; watching them for 20 s"),
    ],
    [
        "while the only pod of a cluster of one node has been Ready for less than the watch",
        verified({ nodes: [node("n1")], pods: [pod("n1", right, { readySince: seconds(-19) })] }),
        wait("1 pod carries the role; watching it for 20 s"),
    ],
    [
        "while a role of before may still be given by a late webhook",
        verified(),
        wait("all 3 pods carry the role; watching them for 20 s"),
        {
            record: { ...record, approvedRoleArns: [`${ROLE}-before`, ROLE] },
        },
        memoryWith({ startedAt: seconds(-19) }),
    ],
    [
        "while a node has no pod",
        verified({ pods: [pod("n1", right), pod("n2", right)] }),
        wait("2 of 3 pods are Ready (no pod yet on n3)"),
    ],
    [
        "while a pod is not Ready",
        verified({ pods: pods(right, pod("n2", right, starting)) }),
        wait("2 of 3 pods are Ready (not Ready yet: pod-n2)"),
    ],
    [
        "while another pod of a node is not gone",
        verified({ pods: [...pods(right), pod("n2", right, { ...terminating, name: "old" })] }),
        wait("3 of 3 pods are Ready (still terminating: old)"),
    ],
    [
        "while a node is NotReady, which is named",
        verified({
            nodes: [node("n1"), node("n2"), node("n3", { ready: false })],
            pods: pods(right, pod("n3", right, starting)),
        }),
        wait("2 of 3 pods are Ready (not Ready yet: pod-n3; NotReady: n3)"),
    ],
    [
        "while the DaemonSet still replaces a pod of the old template",
        verified({ pods: pods(right, pod("n2", right, { current: false })) }),
        wait("2 pods carry the role, 1 still has the old template"),
    ],
    [
        "while instances are about to join that no guard would hold for",
        verified(noGuard, { nodeRoles: [nodeRole({ unjoined: [instance("i-n4"), instance("i-n5", "pending")] })] }),
        wait(
            "without the injection guard, instances that were launched less than 15 minutes ago get time to join: i-n4 (running), i-n5 (pending)",
        ),
        { injectionGuard: false },
        memoryWith({ startedAt: NOW }),
    ],
    [
        "while the role is unknown of an instance that EC2 does not show yet, on which another DaemonSet runs pods without a role",
        verified(
            { otherNodes: [{ ...otherNode(podOnNodeRole("arm-1")), joinedAt: seconds(-5) }] },
            { undecidedInstances: ["i-n4"] },
        ),
        wait(
            "EC2 does not show the instances of these nodes yet, and pods there may use the node roles: other (arm-1)",
        ),
    ],
    [
        "while the guard is not in force",
        verified({ injectionGuard: { ...inForce, inForce: false } }),
        wait("the injection guard is not in force yet"),
    ],
    [
        "for half a minute while IAM does not show that they left",
        verified(),
        wait("IAM does not show the detachment yet"),
        {},
        memoryWith({ detachedAt: seconds(-29) }),
    ],
    [
        "of a role that a NotReady node may have",
        verified(
            { nodes: [node("n1"), node("n2"), node("n3", { ready: false })] },
            { roleOfInstance: { "i-n1": "nodes", "i-n2": "nodes" } },
        ),
        wait("NotReady nodes whose EC2 instance is missing or has no role: n3"),
    ],
    [
        "while the pods are watched after one that may have taken place, since IAM's answer was lost",
        verified({}, detached),
        wait("the policies are detached from nodes; watching the pods for 20 s"),
        {},
        memoryWith({ detachSentAt: seconds(-19) }),
    ],
    [
        "while the pods are watched after one of a run that may have been killed before this watch",
        verified({}, detached),
        wait("the policies are detached from nodes; watching the pods for 20 s"),
        {},
        memoryWith({ startedAt: seconds(-19) }),
    ],
    [
        "while they are watched after one of a run that was killed, and another role was finished before",
        verified({}, detached),
        wait("the policies are detached from nodes; watching the pods for 20 s"),
        { finishedRoles: ["more"] },
        memoryWith({ startedAt: seconds(-19) }),
    ],
    [
        "while the pods are watched after it",
        verified({}, detached),
        wait("the policies are detached from nodes; watching the pods for 20 s"),
        {},
        memoryWith({ detachedAt: seconds(-19) }),
    ],
]);
