import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { driftOf, associationDrift } from "../../../../handover/decide/drift";
import { nextDetachmentStep } from "../../../../handover/decide/detachment";
import { remainingSteps } from "../../../../handover/decide/remainingSteps";
import type { OtherCarrier, World } from "../../../../handover/model/world";
import { target as plainTarget } from "../support/detachments";
import { associated, associations, own, record, seen, unannotated, withCredentials } from "../support/podIdentity";
import {
    attach,
    carrying,
    comparableStep,
    daemonSet,
    FORMER_ROLE,
    fresh,
    MANAGER,
    nodeRole,
    onNodeRole,
    otherAssociated,
    pod,
    pods,
    REGIONAL,
    ROLE,
    ROLE_ARN,
    seconds,
    withoutPolicies,
} from "../support/worlds";

const target = { ...plainTarget, subject: associated, record, canarySeconds: 1e9 };
const guard = { present: true, inForce: true, roleArns: [] };
const verified = (cluster: Partial<World["cluster"]> = {}, account: Partial<World["account"]> = {}) =>
    seen(withCredentials, { cluster: { injectionGuard: guard, ...cluster }, account });
const step = (of: World) => comparableStep(nextDetachmentStep(target, of, fresh));
const detached = { nodeRoles: [nodeRole(withoutPolicies)] };

const released = {
    do: "releaseServiceAccount",
    leaving: {},
    why: "each pod has the credentials of the association: removing the annotation from the service account",
};

describe("A detachment with an association", () => {
    it("detaches the policies once every pod has the role by it", () => {
        deepStrictEqual(step(verified()), {
            do: "detach",
            policies: attach("nodes"),
            why: "3 pods carry the role: detaching the policies from nodes",
        });
    });

    const waits: [string, World, object][] = [
        [
            "waits for the agent on a node that it has seen at first",
            verified({ agentsReadyOn: ["n1", "n3"] }),
            { do: "wait", why: "the EKS Pod Identity Agent is not Ready on n2" },
        ],
        [
            "restarts a pod that the webhook has missed",
            verified({ pods: pods(withCredentials, pod("n2", onNodeRole)) }),
            { do: "restart", pods: ["pod-n2"], why: "pod-n2 carries no role of its own" },
        ],
        [
            "attaches the policies again for a pod that uses a node role without them",
            verified({ pods: pods(withCredentials, pod("n2", onNodeRole)) }, detached),
            {
                do: "attach",
                policies: attach("nodes"),
                why: "pod-n2 carries no role of its own: attaching the policies to the node roles again",
            },
        ],
        [
            "releases the annotation of before",
            verified({
                serviceAccount: { ...unannotated, annotations: { [ROLE_ARN]: FORMER_ROLE }, roleArnOwners: [MANAGER] },
            }),
            released,
        ],
        [
            "releases settings for the webhook that are left of it",
            verified({ serviceAccount: { ...unannotated, ownSettings: [REGIONAL] } }),
            released,
        ],
        [
            "detaches nothing while another owner keeps the annotation of a role that the component has approved",
            verified({
                serviceAccount: { ...unannotated, annotations: { [ROLE_ARN]: ROLE }, roleArnOwners: ["eksctl"] },
            }),
            {
                refuse: "annotation-owned-by-another",
                seen: 'The role annotation of kube-system/aws-node belongs to "eksctl".',
            },
        ],
        [
            "leaves the annotation of another role, which has no effect beside the association",
            verified({
                serviceAccount: { ...unannotated, annotations: { [ROLE_ARN]: FORMER_ROLE }, roleArnOwners: ["eksctl"] },
            }),
            {
                do: "detach",
                policies: attach("nodes"),
                why: "3 pods carry the role: detaching the policies from nodes",
            },
        ],
        [
            "limits the guard to pods with an association",
            verified({ injectionGuard: { ...guard, roleArns: [FORMER_ROLE] } }),
            { do: "admitRoles", roleArns: [], why: `the injection guard no longer admits pods with ${FORMER_ROLE}` },
        ],
        [
            "counts no pod with web identity",
            verified({ pods: pods(withCredentials, pod("n2", carrying(associated.roleArn))) }),
            { do: "restart", pods: ["pod-n2"], why: `pod-n2 carries ${associated.roleArn}` },
        ],
        [
            "detaches nothing without the association, and attaches nothing either: its pods would not use it",
            verified({}, { ...detached, associations: associations() }),
            {
                refuse: "association-missing",
                seen: "The service account kube-system/aws-node has no Pod Identity association. These pods have credentials of one: pod-n1, pod-n2, pod-n3.",
            },
        ],
    ];
    for (const [title, of, expected] of waits) {
        it(title, () => deepStrictEqual(step(of), expected));
    }

    it("keeps a former role while a pod of another DaemonSet may have a session of it", () => {
        const changed = { ...own, modifiedAt: seconds(-600) };
        const after = (...otherCarriers: OtherCarrier[]) =>
            comparableStep(
                nextDetachmentStep(
                    { ...target, record: { ...record, approvedRoleArns: [FORMER_ROLE, ROLE] } },
                    verified(
                        {
                            otherCarriers,
                            pods: ["n1", "n2", "n3"].map((name) =>
                                pod(name, withCredentials, { createdAt: seconds(-500), readySince: seconds(-490) }),
                            ),
                        },
                        { associations: associations(changed) },
                    ),
                    fresh,
                ),
            ) as { readonly do?: string; readonly seen?: string };
        deepStrictEqual(
            [
                after(otherAssociated("arm-1", seconds(-571)), otherAssociated("arm-2", seconds(-500))).seen,
                after(otherAssociated("arm-2", seconds(-570))).do,
                step(verified({ otherCarriers: [otherAssociated("arm-1", 0)] })),
            ],
            [
                "Other pods may carry a role that is about to be deleted: arm-1.",
                "detach",
                // No role is about to be deleted.
                step(verified()),
            ],
        );
    });

    it("is done when the node roles hold nothing", () => {
        const after = nextDetachmentStep({ ...target, finishedRoles: ["nodes"] }, verified({}, detached), fresh);
        deepStrictEqual(comparableStep(after), {
            do: "done",
            why: "3 pods carry the role; the policies are detached from nodes",
        });
    });
});

describe("A refresh of a stack with an association", () => {
    const left = { detachedFrom: ["nodes"], remainingSteps: [] };
    const whole = (of: World) => driftOf({ ...target, finishedRoles: ["nodes"] }, of, left);

    it("shows nothing while all is as the last update left it", () => {
        deepStrictEqual(
            [whole(verified({}, detached)), associationDrift(target, verified({}, detached))],
            [undefined, undefined],
        );
    });

    it("tells an agent that does not start on nodes that join, until the remaining steps have it", () => {
        const kept = verified({ taintsWithoutAgent: ["node.kubernetes.io/not-ready:NoSchedule"] }, detached);
        const text = whole(kept) ?? "";
        match(
            text,
            /^The DaemonSet kube-system\/eks-pod-identity-agent does not tolerate node\.kubernetes\.io\/not-ready:NoSchedule, /,
        );
        match(text, / Run pulumi up --refresh: it updates the output remainingSteps\.$/);
        const remaining = remainingSteps(target, kept);
        strictEqual(remaining.length, 1);
        strictEqual(
            driftOf({ ...target, finishedRoles: ["nodes"] }, kept, { ...left, remainingSteps: remaining }),
            undefined,
        );
        // It keeps no pod from its repair, and no policy from its way back.
        deepStrictEqual(
            step(
                verified(
                    { taintsWithoutAgent: ["a:NoSchedule"], pods: pods(withCredentials, pod("n2", onNodeRole)) },
                    detached,
                ),
            ),
            step(verified({ pods: pods(withCredentials, pod("n2", onNodeRole)) }, detached)),
        );
    });

    it("tells a lost association, its consequence and both ways out, once", () => {
        const lost = verified({}, { ...detached, associations: associations() });
        const text =
            "The service account kube-system/aws-node has no Pod Identity association. These pods have credentials of one: pod-n1, pod-n2, pod-n3. " +
            "Pods with the credentials of an association keep their session until it ends, and get no new one. A pod with these credentials does not fall " +
            "back to the role of its node. New pods get no credentials from it. The run restarted no pod, and detached no policy. Run pulumi up " +
            "--refresh: it creates the association again, and restarts the pods. Or run pulumi destroy: it moves the pods back to the node roles.";
        deepStrictEqual(associationDrift(target, lost), text);
        deepStrictEqual(whole(lost), text);
    });

    it("tells an association of another role", () => {
        const other = verified({}, { ...detached, associations: associations({ ...own, roleArn: FORMER_ROLE }) });
        deepStrictEqual(
            [associationDrift(target, other), whole(other)].map((text) =>
                text?.startsWith("The Pod Identity association of the service account"),
            ),
            [true, true],
        );
    });

    it("tells a pod that the webhook has missed", () => {
        const missed = verified({ pods: pods(withCredentials, pod("n2", onNodeRole)) }, detached);
        deepStrictEqual(
            associationDrift(target, missed),
            "1 of 3 pods does not carry arn:aws:iam::111122223333:role/cni as it is delivered now: pod-n2 carries no role of its own. A pod " +
                "without a role of its own has only the rights of its node role. Run pulumi up --refresh: it restarts this pod.",
        );
    });

    it("tells a template that still excludes its containers, also if no pod shows it", () => {
        const skipping = { ...daemonSet, skipsContainers: true as const, updateStrategy: "OnDelete" as const };
        strictEqual(
            associationDrift(target, verified({ daemonSet: skipping })),
            "The pod template still excludes its containers from the pod identity webhook: an update or a destroy was stopped. Pods that start now use the roles of their nodes. " +
                "Run pulumi up --refresh: it changes the pod template back, and restarts the pods.",
        );
    });

    it("says nothing about another cluster", () => {
        deepStrictEqual(associationDrift(target, verified({ uid: "another" })), undefined);
    });
});
