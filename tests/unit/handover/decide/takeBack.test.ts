import { deepStrictEqual } from "node:assert/strict";
import { nextTakeBackStep, TakeBackTarget } from "../../../../handover/decide/takeBack";
import type { Memory } from "../../../../handover/model/steps";
import type { Subject } from "../../../../handover/model/subject";
import type { CredentialSource, PodSeen, World } from "../../../../handover/model/world";
import {
    carrying,
    FORMER_ROLE,
    fresh,
    incomplete,
    terminating,
    node,
    onNodeRole,
    pod,
    pods,
    memoryWith,
    REGIONAL,
    ROLE,
    ROLE_ARN,
    seconds,
    serviceAccount,
    starting,
    subject,
    comparableStep,
    world,
} from "../support/worlds";

const right = carrying(ROLE);
const wait = (why: string) => ({ do: "wait", why });
const restart = (name: string, why: string) => ({ do: "restart", pods: [name], why });
const n1NotReady = [node("n1", { ready: false }), node("n2"), node("n3")];
const n1Restarted = memoryWith({ restarts: { n1: 1 } });

describe("Taking a rollout back", () => {
    const unannotated = { ...serviceAccount, annotations: {}, roleArnOwners: [] };
    const after = (cluster: Partial<World["cluster"]>) =>
        world(onNodeRole, { cluster: { serviceAccount: unannotated, ...cluster } });
    const restoreAnnotations = (annotations: object) => ({
        do: "annotate",
        annotations,
        why: "reverting the annotation",
    });
    const restartPod = (name: string) => restart(name, `${name} returns to its former credentials`);
    const formerAnnotation = { [ROLE_ARN]: FORMER_ROLE };
    const young = { readySince: seconds(-19) };
    const complaining = { missingPermissions: "no" };
    const unschedulable = (on: string) => pod(on, onNodeRole, { ...starting, startProblem: "Unschedulable" });
    const BACK = { do: "done", why: "the rollout is taken back" };
    const rows: [string, World, object, Record<string, string>?, Memory?, Partial<TakeBackTarget>?][] = [
        ["begins with the annotation", after({ serviceAccount }), restoreAnnotations({})],
        [
            "puts the former annotation back",
            after({ serviceAccount }),
            restoreAnnotations(formerAnnotation),
            formerAnnotation,
        ],
        [
            "puts a former annotation back that only it had",
            after({ serviceAccount: { ...unannotated, annotations: formerAnnotation } }),
            restoreAnnotations({ ...formerAnnotation, extra: "1" }),
            { ...formerAnnotation, extra: "1" },
        ],
        [
            "leaves an annotation that another owner has written meanwhile, and restarts a pod that does not work",
            after({
                serviceAccount: { ...serviceAccount, annotations: { [ROLE_ARN]: "other" }, roleArnOwners: ["kubectl"] },
                pods: pods(onNodeRole, pod("n1", right, starting), pod("n2", right, young)),
            }),
            restartPod("pod-n1"),
        ],
        [
            "leaves a pod that is Ready as it is then, also one that was not seen to work for long enough",
            after({
                serviceAccount: { ...serviceAccount, annotations: { [ROLE_ARN]: "other" }, roleArnOwners: ["kubectl"] },
                pods: pods(onNodeRole, pod("n2", right, young)),
            }),
            BACK,
        ],
        [
            "restarts no pod that the injection guard would refuse with the other owner's annotation",
            after({
                serviceAccount: { ...serviceAccount, annotations: { [ROLE_ARN]: "other" }, roleArnOwners: ["kubectl"] },
                pods: pods(onNodeRole, pod("n1", right, starting)),
                injectionGuard: { present: true, inForce: true, roleArns: [ROLE] },
            }),
            BACK,
        ],
        [
            "does not wait for a node without a pod that the injection guard would refuse with that annotation",
            after({
                serviceAccount: { ...serviceAccount, annotations: { [ROLE_ARN]: "other" }, roleArnOwners: ["kubectl"] },
                pods: [pod("n1", right), pod("n2", right)],
                injectionGuard: { present: true, inForce: true, roleArns: [ROLE] },
                refusedPods: ["no"],
            }),
            {
                do: "done",
                why: "the injection guard refuses new pods with that annotation: n3 without a pod",
            },
        ],
        [
            "waits for it if the owner of that annotation is to deliver the role",
            after({
                serviceAccount: { ...serviceAccount, annotations: { [ROLE_ARN]: "other" }, roleArnOwners: ["kubectl"] },
                pods: [pod("n1", right), pod("n2", right)],
                injectionGuard: { present: true, inForce: true, roleArns: [ROLE] },
            }),
            wait("not reverted yet: n3"),
            {},
            fresh,
            { subject: { ...subject, delivery: "external" } },
        ],
        [
            "restarts a pod with the role that is not Ready",
            after({ pods: pods(onNodeRole, pod("n1", right, starting)) }),
            restartPod("pod-n1"),
            {},
            n1Restarted,
        ],
        [
            "restarts one that was not seen to work for long enough",
            after({ pods: pods(onNodeRole, pod("n1", right, young)) }),
            restartPod("pod-n1"),
        ],
        [
            "restarts one that complains, however long it is Ready",
            after({ pods: pods(onNodeRole, pod("n1", right, complaining)) }),
            restartPod("pod-n1"),
        ],
        [
            "restarts one that complains, though a pod that is broken for another reason uses up maxUnavailable",
            after({ pods: pods(onNodeRole, pod("n1", right, complaining), unschedulable("n2")) }),
            restartPod("pod-n1"),
        ],
        [
            "restarts none that is still watched while such a pod uses up maxUnavailable",
            after({ pods: pods(onNodeRole, pod("n1", right, young), unschedulable("n2")) }),
            wait("1 pod to restart, 1 starting"),
        ],
        [
            "restarts one that complains, though it is not Ready for long yet",
            after({ pods: pods(onNodeRole, pod("n1", right, { ...young, ...complaining }), unschedulable("n2")) }),
            restartPod("pod-n1"),
        ],
        [
            "restarts one that complains, though a pod that it has not touched is starting",
            after({ pods: pods(onNodeRole, pod("n1", right, complaining), pod("n2", onNodeRole, starting)) }),
            restartPod("pod-n1"),
        ],
        [
            "restarts one that complains, though the pod that it restarted does not start for another reason",
            after({ pods: pods(onNodeRole, unschedulable("n1"), pod("n2", right, complaining)) }),
            restartPod("pod-n2"),
            {},
            n1Restarted,
        ],
        [
            "restarts none that complains before the pod that it restarted is Ready",
            after({ pods: [pod("n1", onNodeRole, starting), pod("n2", right, complaining), unschedulable("n3")] }),
            wait("1 pod to restart, 2 starting"),
            {},
            n1Restarted,
        ],
        [
            "restarts none that complains before each node has a pod",
            after({ pods: [pod("n1", onNodeRole), pod("n2", right, complaining)] }),
            wait("1 pod to restart, 0 starting"),
        ],
        [
            "restarts none that complains while another one is still watched",
            after({ pods: [pod("n1", right, complaining), pod("n2", right, young), unschedulable("n3")] }),
            wait("2 pods to restart, 1 starting"),
        ],
        [
            "restarts no other one that is Ready before the pod that it restarted is",
            after({
                pods: [pod("n1", onNodeRole, starting), pod("n2", right, young), pod("n3", onNodeRole, starting)],
            }),
            wait("1 pod to restart, 2 starting"),
            {},
            n1Restarted,
        ],
        [
            "leaves one alone that works with the role",
            after({ pods: pods(onNodeRole, pod("n1", right, { readySince: seconds(-20) })) }),
            BACK,
        ],
        [
            "restarts one that the look at the cluster has shown Ready for less than that",
            after({ pods: pods(onNodeRole, pod("n1", right, { readySince: seconds(-20) })), seenAt: seconds(-1) }),
            restartPod("pod-n1"),
        ],
        [
            "leaves one alone whose complaint is from before the role was proved",
            after({
                pods: pods(
                    onNodeRole,
                    pod("n1", right, { missingPermissions: "no", missingPermissionsAt: seconds(-9) }),
                ),
            }),
            BACK,
            {},
            fresh,
            { provedAt: seconds(-8) },
        ],
        [
            "restarts all pods of a wave that are not Ready at once, whatever may be missing",
            after({ pods: [pod("n1", right, starting), pod("n2", right, starting), pod("n3", right)] }),
            {
                do: "restart",
                pods: ["pod-n1", "pod-n2"],
                why: "pod-n1 returns to its former credentials; with it pod-n2",
            },
        ],
        [
            "restarts those that are not Ready before one that is: together they would exceed maxUnavailable",
            after({ pods: [pod("n1", right, starting), pod("n2", right, young), pod("n3", onNodeRole)] }),
            restartPod("pod-n1"),
        ],
        [
            "restarts those that are Ready within maxUnavailable",
            after({ pods: [pod("n1", right, young), pod("n2", right, young), pod("n3", right)] }),
            restartPod("pod-n1"),
        ],
        [
            "does not wait for a restarted pod that does not start for another reason",
            after({ pods: pods(onNodeRole, unschedulable("n1")) }),
            BACK,
            {},
            n1Restarted,
        ],
        [
            "restarts one that carries the role in part, however long it is Ready",
            after({ pods: pods(onNodeRole, pod("n1", incomplete(ROLE))) }),
            restartPod("pod-n1"),
        ],
        [
            "restarts those that were born meanwhile",
            after({ pods: pods(onNodeRole, pod("n3", right, young)) }),
            restartPod("pod-n3"),
        ],
        [
            "goes on without the service account",
            after({ serviceAccount: undefined, pods: pods(onNodeRole, pod("n1", right, starting)) }),
            restartPod("pod-n1"),
        ],
        [
            "has nothing to annotate without the service account",
            after({ serviceAccount: undefined }),
            BACK,
            formerAnnotation,
        ],
        [
            "leaves pods of an older template alone",
            after({ pods: pods(onNodeRole, pod("n1", onNodeRole, { current: false })) }),
            BACK,
        ],
        [
            "leaves such pods alone on NotReady nodes too",
            after({ nodes: n1NotReady, pods: pods(onNodeRole, pod("n1", onNodeRole, { current: false })) }),
            BACK,
        ],
        ["leaves pods with another role alone", after({ pods: pods(onNodeRole, pod("n1", carrying("other"))) }), BACK],
        ["leaves all pods alone when the role is the former one", world(right), BACK, { [ROLE_ARN]: ROLE }],
        [
            "waits for a pod that is missing",
            after({ pods: [pod("n1", onNodeRole), pod("n2", onNodeRole)] }),
            wait("not reverted yet: n3"),
        ],
        [
            "has the DaemonSet try again",
            after({ pods: [pod("n1", onNodeRole), pod("n2", onNodeRole)], refusedPods: ["no"] }),
            { do: "wake", why: "the API server refused the pods for n3; making the DaemonSet controller retry" },
        ],
        [
            "waits for a pod that is not gone",
            after({ pods: [...pods(onNodeRole), pod("n1", right, { ...terminating, name: "old" })] }),
            wait("not reverted yet: old"),
        ],
        [
            "waits for the pod that it restarted",
            after({ pods: pods(onNodeRole, pod("n1", onNodeRole, starting)) }),
            wait("not reverted yet: pod-n1"),
            {},
            n1Restarted,
        ],
        [
            "does not wait for others that are not Ready",
            after({ pods: pods(onNodeRole, pod("n2", onNodeRole, starting)) }),
            BACK,
            {},
            n1Restarted,
        ],
        [
            "does not wait for nodes that are NotReady",
            after({ nodes: n1NotReady, pods: [pod("n2", onNodeRole), pod("n3", onNodeRole)] }),
            BACK,
        ],
        [
            "ends the pod of a NotReady node at the API",
            after({ nodes: n1NotReady, pods: pods(onNodeRole, pod("n1", right, starting)) }),
            {
                do: "forceRestart",
                pod: "pod-n1",
                why: "n1 is NotReady: its kubelet stops the pod when the node is back",
            },
        ],
    ];

    describe("to other annotations of the same role", () => {
        const regional = { ...right, regionalSts: "regional" } as CredentialSource;
        const now: Subject = { ...subject, annotations: { ...subject.annotations, [REGIONAL]: "true" } };
        const annotated = { ...serviceAccount, annotations: { [ROLE_ARN]: ROLE } };
        const revert = (
            canary: CredentialSource,
            target = now,
            former: Record<string, string> = annotated.annotations,
            ...others: PodSeen[]
        ) => {
            const cluster = {
                serviceAccount: { ...annotated, annotations: former },
                pods: pods(right, pod("n1", canary), ...others),
            };
            return comparableStep(
                nextTakeBackStep(
                    { subject: target, formerAnnotations: former, stableSeconds: 20 },
                    world(right, { cluster }),
                    fresh,
                ),
            );
        };

        it("restarts the pods that use STS in another way, and no others", () => {
            deepStrictEqual(revert(regional), restartPod("pod-n1"));
            deepStrictEqual(revert(right), BACK);
        });

        it("restarts such a pod that works, though a pod that is broken for another reason uses up maxUnavailable", () => {
            deepStrictEqual(revert(regional, now, annotated.annotations, unschedulable("n2")), restartPod("pod-n1"));
        });

        it("restarts no pod if STS is used as before", () => {
            deepStrictEqual(revert(regional, subject), BACK);
            deepStrictEqual(revert(right, now, now.annotations), BACK);
        });

        it("restarts the pods that do not use the regional endpoint, if they did before", () => {
            deepStrictEqual(revert(regional, subject, now.annotations), restartPod("pod-n2"));
        });
    });

    for (const [what, of, step, formerAnnotations = {}, memory = fresh, more = {}] of rows) {
        it(what, () => {
            deepStrictEqual(
                comparableStep(
                    nextTakeBackStep({ subject, formerAnnotations, stableSeconds: 20, ...more }, of, memory),
                ),
                step,
            );
        });
    }
});
