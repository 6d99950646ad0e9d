import { deepStrictEqual } from "node:assert/strict";
import { nextRevertStep } from "../../../../handover/decide/canary";
import type { Memory } from "../../../../handover/model/steps";
import type { World } from "../../../../handover/model/world";
import {
    carrying,
    FORMER_ROLE,
    fresh,
    inPart,
    leaving,
    node,
    onNodeRole,
    pod,
    pods,
    remembering,
    ROLE,
    ROLE_ARN,
    serviceAccount,
    starting,
    subject,
    told,
    world,
} from "../support/worlds";

const right = carrying(ROLE);
const wait = (why: string) => ({ do: "wait", why });
const restart = (name: string, why: string) => ({ do: "restart", pod: name, why });
const away = [node("n1", { ready: false }), node("n2"), node("n3")];
const tried = remembering({ restarts: { n1: 1 } });

describe("Reverting the canary", () => {
    const plain = { ...serviceAccount, annotations: {}, roleArnOwners: [] };
    const after = (cluster: Partial<World["cluster"]>) =>
        world(onNodeRole, { cluster: { serviceAccount: plain, ...cluster } });
    const back = (annotations: object) => ({
        do: "annotate",
        annotations,
        why: "reverting the annotation",
    });
    const home = (name: string) => restart(name, `${name} returns to its former credentials`);
    const old = { [ROLE_ARN]: FORMER_ROLE };
    const rows: [string, World, object, Record<string, string>?, Memory?][] = [
        ["begins with the annotation", after({ serviceAccount }), back({})],
        ["puts the former annotation back", after({ serviceAccount }), back(old), old],
        [
            "puts a former annotation back that only it had",
            after({ serviceAccount: { ...plain, annotations: old } }),
            back({ ...old, extra: "1" }),
            { ...old, extra: "1" },
        ],
        ["restarts the pod", after({ pods: pods(onNodeRole, pod("n1", right)) }), home("pod-n1"), {}, tried],
        [
            "restarts one that carries the role in part",
            after({ pods: pods(onNodeRole, pod("n1", inPart(ROLE))) }),
            home("pod-n1"),
        ],
        [
            "restarts those that were born meanwhile",
            after({ pods: pods(onNodeRole, pod("n3", right)) }),
            home("pod-n3"),
        ],
        [
            "goes on without the service account",
            after({ serviceAccount: undefined, pods: pods(onNodeRole, pod("n1", right)) }),
            home("pod-n1"),
        ],
        [
            "has nothing to annotate without the service account",
            after({ serviceAccount: undefined }),
            { do: "done", why: "everything is as before" },
            old,
        ],
        [
            "leaves pods of an older template alone",
            after({ pods: pods(onNodeRole, pod("n1", onNodeRole, { current: false })) }),
            { do: "done", why: "everything is as before" },
        ],
        [
            "leaves such pods alone on NotReady nodes too",
            after({ nodes: away, pods: pods(onNodeRole, pod("n1", onNodeRole, { current: false })) }),
            { do: "done", why: "everything is as before" },
        ],
        [
            "leaves pods with another role alone",
            after({ pods: pods(onNodeRole, pod("n1", carrying("other"))) }),
            { do: "done", why: "everything is as before" },
        ],
        [
            "leaves all pods alone when the role is the former one",
            world(right),
            { do: "done", why: "everything is as before" },
            { [ROLE_ARN]: ROLE },
        ],
        [
            "waits for a pod that is missing",
            after({ pods: [pod("n1", onNodeRole), pod("n2", onNodeRole)] }),
            wait("not reverted yet: n3"),
        ],
        [
            "has the DaemonSet try again",
            after({ pods: [pod("n1", onNodeRole), pod("n2", onNodeRole)], refusedPods: ["no"] }),
            { do: "wake", why: "pods of n3 were refused; making the DaemonSet controller retry" },
        ],
        [
            "waits for a pod that is not gone",
            after({ pods: [...pods(onNodeRole), pod("n1", right, { ...leaving, name: "old" })] }),
            wait("not reverted yet: old"),
        ],
        [
            "waits for the pod that it restarted",
            after({ pods: pods(onNodeRole, pod("n1", onNodeRole, starting)) }),
            wait("not reverted yet: pod-n1"),
            {},
            tried,
        ],
        [
            "does not wait for others that are not Ready",
            after({ pods: pods(onNodeRole, pod("n2", onNodeRole, starting)) }),
            { do: "done", why: "everything is as before" },
            {},
            tried,
        ],
        [
            "does not wait for nodes that are NotReady",
            after({ nodes: away, pods: [pod("n2", onNodeRole), pod("n3", onNodeRole)] }),
            { do: "done", why: "everything is as before" },
        ],
        [
            "ends the pod of a NotReady node at the API",
            after({ nodes: away, pods: pods(onNodeRole, pod("n1", right, starting)) }),
            { do: "forceRestart", pod: "pod-n1", why: "n1 is NotReady: its kubelet ends the pod when it returns" },
        ],
    ];
    for (const [what, of, step, formerAnnotations = {}, memory = fresh] of rows) {
        it(what, () => {
            deepStrictEqual(told(nextRevertStep({ subject, formerAnnotations }, of, memory)), step);
        });
    }
});
