import { refusals } from "../../../../handover/model/refusals";
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { HandBackTarget, nextHandBackStep } from "../../../../handover/decide/handBack";
import { isTurnedOff } from "../../../../handover/decide/turnedOff";
import type { ClusterSeen, ServiceAccountSeen } from "../../../../handover/model/world";
import type { AddOnSeen } from "../../../../handover/model/addOn";
import { addOn, missing, unnamed, unreadAddOn } from "../support/addOns";
import {
    withoutPolicies,
    carrying,
    CNI_POLICY,
    daemonSet,
    FORMER_ROLE,
    fresh,
    MANAGER,
    memoryWith,
    nodeRole,
    NOW,
    pod,
    record,
    ROLE,
    ROLE_ARN,
    serviceAccount,
    subject,
    comparableStep,
    world,
} from "../support/worlds";

const OFF = { "eks-cni/live-checks": "off" };
const marked: ServiceAccountSeen = {
    ...serviceAccount,
    annotations: { [ROLE_ARN]: ROLE, ...OFF },
    roleArnOwners: [MANAGER],
};

describe("That the live checks are turned off", () => {
    const rows: [string, ClusterSeen["serviceAccount"], boolean][] = [
        ["is said by the component's own mark next to its role", marked, true],
        ["is said so whatever the role", { ...marked, annotations: { [ROLE_ARN]: "another", ...OFF } }, true],
        [
            "is said where another field manager owns the annotation as well",
            { ...marked, roleArnOwners: ["x", MANAGER] },
            true,
        ],
        ["is not said by a role alone, as on destroy", { ...marked, annotations: { [ROLE_ARN]: ROLE } }, false],
        ["is not said by a mark without a role", { ...marked, annotations: OFF }, false],
        [
            "is not said by another value",
            { ...marked, annotations: { [ROLE_ARN]: ROLE, "eks-cni/live-checks": "on" } },
            false,
        ],
        [
            "is not said where another field manager owns the role",
            { ...marked, roleArnOwners: ["kubectl-annotate"] },
            false,
        ],
        ["is not said where no field manager owns the role", { ...marked, roleArnOwners: [] }, false],
        ["is not said by a service account that is not there", undefined, false],
    ];
    for (const [what, account, expected] of rows) {
        it(what, () => {
            strictEqual(
                isTurnedOff(
                    subject,
                    world(carrying(ROLE), { cluster: { serviceAccount: account } }).cluster,
                    "annotated",
                ),
                expected,
            );
        });
    }

    it("is not said by the mark of another run, which a destroy may follow", () => {
        const { cluster } = world(carrying(ROLE), { cluster: { serviceAccount: marked } });
        strictEqual(isTurnedOff(subject, cluster, undefined), false);
        strictEqual(isTurnedOff(subject, cluster, "registered"), false);
    });
});

describe("The way back, once the live checks are turned off,", () => {
    const step = (
        cluster: Partial<ClusterSeen>,
        issuers = subject.issuers,
        holding: object = withoutPolicies,
        more: Partial<HandBackTarget> = {},
        memory = fresh,
    ) =>
        comparableStep(
            nextHandBackStep(
                {
                    subject: { ...subject, issuers },
                    record,
                    iamPropagationSeconds: 120,
                    formerAnnotations: {},
                    turningOff: "annotated",
                    ...more,
                },
                world(carrying(ROLE), { cluster, account: { nodeRoles: [nodeRole(holding)] } }),
                memory,
            ),
        );
    const held = (cluster: Partial<ClusterSeen>, issuers = subject.issuers) => step(cluster, issuers, {});
    const guarded = { serviceAccount: marked, injectionGuard: { present: true, inForce: true } };
    const enforced = (cluster: Partial<ClusterSeen>) =>
        step(cluster, subject.issuers, {}, {}, memoryWith({ propagatedAt: NOW }));
    const REMOVE_WAKE_MARK = {
        do: "removeWakeMark",
        why: "removing the annotation that made the DaemonSet controller retry",
    };
    const DONE = { do: "done", why: "the live checks are turned off: annotation, pods and role stay as they are" };

    it("moves nothing where the node roles hold their policies", () => {
        deepStrictEqual(held({ serviceAccount: marked }), DONE);
    });

    describe("while the managed add-on carries the role,", () => {
        const told = { ...record, addOnDelivered: true };
        const leaving = (carried: string | undefined, known = told, holding: object = {}) =>
            leavingSeen(addOn(carried), known, holding);
        const leavingSeen = (seen: AddOnSeen, known = told, holding: object = {}) =>
            comparableStep(
                nextHandBackStep(
                    {
                        subject,
                        record: known,
                        iamPropagationSeconds: 120,
                        formerAnnotations: {},
                        turningOff: "annotated",
                    },
                    world(carrying(ROLE), {
                        cluster: { serviceAccount: marked },
                        account: { nodeRoles: [nodeRole(holding)], addOn: seen },
                    }),
                    fresh,
                ),
            );

        it("is refused, since no later run would take it from there", () => {
            deepStrictEqual(leaving(ROLE), {
                refuse: "add-on-owns-the-role",
                seen: `The managed add-on vpc-cni carries ${ROLE}, which this component has given it.`,
            });
        });

        it("is refused if the add-on cannot be seen, since it may carry the role", () => {
            deepStrictEqual(
                [leavingSeen(unreadAddOn("denied")), leavingSeen(unnamed)],
                [
                    { refuse: "other-delivery-unread", seen: "AWS rejected eks:DescribeAddon: no" },
                    { refuse: "cluster-name-unknown", seen: "The name of the EKS cluster is unknown." },
                ],
            );
        });

        it("goes on if the add-on was deleted, or cannot be seen and never had the role", () => {
            const never = { ...told, addOnDelivered: false };
            deepStrictEqual([leavingSeen(missing), leavingSeen(unnamed, never)], [DONE, DONE]);
        });

        it("first gives the node roles their policies back", () => {
            deepStrictEqual((leaving(ROLE, told, withoutPolicies) as { do: string }).do, "attach");
        });

        it("goes on if the add-on has none, another owner's, or one that the component has not given it", () => {
            deepStrictEqual(
                [leaving(undefined), leaving(FORMER_ROLE), leaving(ROLE, { ...told, addOnDelivered: false })],
                [DONE, DONE, DONE],
            );
        });
    });

    it("gives the node roles their policies back, which a failed update has left detached", () => {
        deepStrictEqual(step({ serviceAccount: marked }), {
            do: "attach",
            policies: [{ roleName: "nodes", policyArn: CNI_POLICY }],
            why: "attaching the recorded policies again to nodes",
        });
    });

    it("gives them the policies that another cluster's run had detached before this component saw them", () => {
        const of = { ...record, nodeRolePolicies: {}, detachedBefore: { nodes: [CNI_POLICY] } };
        deepStrictEqual(step(guarded, subject.issuers, withoutPolicies, { record: of }), {
            do: "attach",
            policies: [{ roleName: "nodes", policyArn: CNI_POLICY }],
            why: "attaching the recorded policies again to nodes",
        });
    });

    it("takes the injection guard away, which no later run would remove, once IAM enforces the policies", () => {
        deepStrictEqual(held(guarded), {
            do: "awaitPropagation",
            milliseconds: 120_000,
            why: "waiting 120 s for IAM to enforce the policies of the node roles",
        });
        deepStrictEqual(enforced(guarded), REMOVE_GUARD);
    });

    const woken = { ...daemonSet, woken: true };
    const REMOVE_GUARD = {
        do: "removeInjectionGuard",
        why: "the live checks are turned off: removing the injection guard",
    };

    it("takes off what woke the DaemonSet's controller, once the injection guard is gone", () => {
        deepStrictEqual(held({ serviceAccount: marked, daemonSet: woken }), REMOVE_WAKE_MARK);
        deepStrictEqual(enforced({ ...guarded, daemonSet: woken }), REMOVE_GUARD);
    });

    describe("while an update to another role has not finished,", () => {
        const owned = { ...record, approvedRoleArns: [FORMER_ROLE, ROLE], ownRoleArns: [FORMER_ROLE, ROLE] };
        const ending = (cluster: Partial<ClusterSeen>, of: Partial<typeof record> = owned, before = subject) =>
            comparableStep(
                nextHandBackStep(
                    {
                        subject: before,
                        record: { ...record, ...of },
                        iamPropagationSeconds: 120,
                        formerAnnotations: {},
                        turningOff: "annotated",
                    },
                    world(carrying(ROLE), { cluster: { serviceAccount: marked, ...cluster } }),
                    fresh,
                ),
            );
        const refused = (seen: string) => ({ refuse: "former-role-carried", seen });

        it("ends where a pod carries the former role, which would go", () => {
            deepStrictEqual(
                ending({ pods: [pod("n1", carrying(ROLE)), pod("n2", carrying(FORMER_ROLE))] }),
                refused("These pods still carry a former role of the component: pod-n2."),
            );
        });

        it("ends where another DaemonSet's pod does", () => {
            const other = {
                name: "other",
                daemonSet: "more",
                serviceAccount: subject.serviceAccount,
                roleArns: [FORMER_ROLE],
            };
            deepStrictEqual(
                ending({ otherCarriers: [other] }),
                refused("These pods still carry a former role of the component: other."),
            );
        });

        it("goes on where every pod has the annotated role", () => {
            deepStrictEqual(ending({}), DONE);
        });

        it("goes on where the former role is another owner's, which stays", () => {
            const pods = [pod("n1", carrying(FORMER_ROLE))];
            deepStrictEqual(ending({ pods }, { ...owned, ownRoleArns: [ROLE] }), DONE);
        });

        describe("from a role that other clusters share,", () => {
            const shared = { ...subject, roleArn: FORMER_ROLE, issuers: ["own", "theirs", "more"] };

            it("ends, since their pods cannot be seen", () => {
                const { seen } = refusals.sharedRoleReplaced(FORMER_ROLE, ["theirs", "more"]);
                deepStrictEqual(ending({}, owned, shared), { refuse: "other-clusters", seen });
            });

            it("goes on where that role stays", () => {
                deepStrictEqual(ending({}, owned, { ...shared, roleArn: ROLE }), DONE);
                deepStrictEqual(ending({}, { ...owned, ownRoleArns: [ROLE] }, shared), DONE);
                deepStrictEqual(ending({}, owned, { ...shared, issuers: ["own"] }), DONE);
            });
        });

        it("takes every approved role for the component's own in a record of an early version", () => {
            const early = { approvedRoleArns: owned.approvedRoleArns };
            deepStrictEqual(
                ending({ pods: [pod("n1", carrying(FORMER_ROLE))] }, early),
                refused("These pods still carry a former role of the component: pod-n1."),
            );
        });
    });

    it("does not mind other clusters, whose pods keep their role", () => {
        deepStrictEqual(held({ serviceAccount: marked }, ["a", "b"]), DONE);
    });

    it("is the whole way back without the mark, on which other clusters' pods are minded", () => {
        deepStrictEqual(step({}, ["a", "b", "c"], {}), {
            refuse: "other-clusters",
            seen: "The role also trusts b, c.",
        });
    });

    it("gives the node roles their policies back before it minds them", () => {
        deepStrictEqual(step({}, ["a", "b", "c"]), {
            do: "attach",
            policies: [{ roleName: "nodes", policyArn: CNI_POLICY }],
            why: "attaching the recorded policies again to nodes",
        });
    });

    it("is the whole way back with the mark of another run", () => {
        deepStrictEqual(
            step({ serviceAccount: marked }, subject.issuers, withoutPolicies, { turningOff: "registered" }),
            {
                do: "attach",
                policies: [{ roleName: "nodes", policyArn: CNI_POLICY }],
                why: "attaching the recorded policies again to nodes",
            },
        );
    });

    it("minds another cluster first", () => {
        deepStrictEqual(held({ serviceAccount: marked, uid: "another" }), {
            refuse: "cluster-changed",
            seen: "The kubeconfig points to a cluster whose kube-system namespace has the UID another. The hand-over began on the cluster with the UID cluster.",
        });
    });
});
