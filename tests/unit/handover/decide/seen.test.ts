import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
    hasWorked,
    hasWorkedIn,
    isBornUnderGuard,
    isOfFirstLook,
    isOfFirstPlaces,
    withoutJoining,
    withSeen,
} from "../../../../handover/decide/seen";
import { freshMemory, Memory } from "../../../../handover/model/steps";
import type { ClusterSeen, PodSeen, World } from "../../../../handover/model/world";
import { inForce } from "../support/detachments";
import { carrying, node, NOW, onNodeRole, pod, ROLE, seconds, starting, world } from "../support/worlds";

const right = carrying(ROLE);
const isRight = ({ credentials }: PodSeen) => credentials.kind === "webIdentity";
const watched = { isRight, stableSeconds: 20 };
const fresh = freshMemory(NOW);
const look = (cluster: Partial<ClusterSeen>, account: Partial<World["account"]> = {}, at = NOW) =>
    world(right, { cluster, account, at });
const after = (...looks: World[]): Memory => looks.reduce((memory, one) => withSeen(memory, one, watched), fresh);
const young = (name: string, since: number) => pod(name, right, { readySince: since, createdAt: since });

describe("What a run has seen", () => {
    it("is nothing before its first look: every node and every place counts as of the first look", () => {
        strictEqual(isOfFirstLook(node("n9"), fresh), true);
        strictEqual(isOfFirstPlaces("any", fresh), true);
        strictEqual(isBornUnderGuard(pod("n1", right), fresh), false);
        strictEqual(hasWorked(pod("n1", right), fresh), false);
        strictEqual(hasWorkedIn({ key: "any" }, fresh), false);
        deepStrictEqual(withoutJoining([node("n9")], look({}).cluster, fresh, isRight), [node("n9")]);
    });

    it("has the nodes of the first look by their instances: a name may be used again", () => {
        const memory = after(look({ nodes: [node("n1"), node("n2", { instanceId: undefined })] }), look({}));
        strictEqual(isOfFirstLook(node("n1"), memory), true);
        strictEqual(isOfFirstLook(node("n1", { instanceId: "i-another" }), memory), false);
        strictEqual(isOfFirstLook(node("n2", { instanceId: undefined }), memory), true);
        strictEqual(isOfFirstLook(node("n3"), memory), false);
    });

    it("has no node whose instance is terminated", () => {
        const memory = after(look({}, { leavingInstances: { "i-n3": "terminated" } }));
        strictEqual(isOfFirstLook(node("n3"), memory), false);
    });

    it("has the places of the first look alone", () => {
        const memory = after(
            look({ nodes: [node("n1")] }),
            look({}, { roleOfInstance: { "i-n1": "nodes", "i-n2": "more", "i-n3": "more" } }),
        );
        strictEqual(isOfFirstPlaces("nodes ", memory), true);
        strictEqual(isOfFirstPlaces("more ", memory), false);
    });

    it("has each pod that has worked for long enough in a window of its own, as long as it exists", () => {
        const first = young("n1", seconds(-20));
        const second = young("n2", seconds(-19));
        const memory = after(look({ pods: [first, second] }));
        deepStrictEqual([hasWorked(first, memory), hasWorked(second, memory)], [true, false]);
        const silent = { ...first, ready: false, readySince: undefined };
        const later = withSeen(memory, look({ pods: [silent, second] }, {}, seconds(1)), watched);
        deepStrictEqual([hasWorked(silent, later), hasWorked(second, later)], [true, true]);
        const gone = withSeen(later, look({ pods: [second] }), watched);
        strictEqual(hasWorked(first, gone), false);
    });

    it("has no pod that the look at the cluster has shown Ready for less than that, however long the look at the account took", () => {
        const early = young("n1", seconds(-20));
        const memory = after(look({ pods: [early], seenAt: seconds(-1) }));
        strictEqual(hasWorked(early, memory), false);
        strictEqual(hasWorked(early, withSeen(memory, look({ pods: [early], seenAt: seconds(0) }), watched)), true);
    });

    it("forgets that a pod has worked once it is Ready and no longer right, as when it complains", () => {
        const first = young("n1", seconds(-20));
        const complaining = { ...first, credentials: onNodeRole };
        const memory = withSeen(after(look({ pods: [first] })), look({ pods: [complaining] }), watched);
        strictEqual(hasWorked(complaining, memory), false);
        const again = { ...first, readySince: seconds(0) };
        const soon = withSeen(memory, look({ pods: [again] }, {}, seconds(19)), watched);
        const later = withSeen(soon, look({ pods: [again] }, {}, seconds(20)), watched);
        deepStrictEqual([hasWorked(again, soon), hasWorked(again, later)], [false, true]);
    });

    it("has no pod that is not right, or not watched", () => {
        const wrong = pod("n1", onNodeRole);
        strictEqual(hasWorked(wrong, after(look({ pods: [wrong] }))), false);
        strictEqual(hasWorked(pod("n1", right), withSeen(fresh, look({}))), false);
    });

    it("has the places in which a pod has worked for long enough, also after it has left", () => {
        const memory = after(
            look({ nodes: [node("n1")], pods: [young("n1", seconds(-20))] }),
            look({ nodes: [], pods: [] }),
        );
        strictEqual(hasWorkedIn({ key: "nodes " }, memory), true);
        const early = after(look({ nodes: [node("n1")], pods: [young("n1", seconds(-19))] }));
        strictEqual(hasWorkedIn({ key: "nodes " }, early), false);
        deepStrictEqual([...(early.seen?.readyIn ?? [])], ["nodes "]);
    });

    it("has no place whose node role is not known, until EC2 shows the instance of a pod that has worked there", () => {
        const of = { nodes: [node("n1")], pods: [young("n1", seconds(-20))] };
        const unknown = after(look(of, { roleOfInstance: {} }));
        deepStrictEqual([unknown.seen?.readyIn.size, unknown.seen?.workedIn.size], [0, 0]);
        strictEqual(hasWorked(young("n1", seconds(-20)), unknown), true);
        const shown = withSeen(unknown, look(of), watched);
        deepStrictEqual([...(shown.seen?.workedIn ?? [])], ["nodes "]);
    });

    it("does not know the place of a pod whose node it does not see", () => {
        const memory = after(look({ nodes: [], pods: [young("n9", seconds(-20))] }));
        deepStrictEqual([memory.seen?.workedIn.size, memory.seen?.served.size], [0, 0]);
    });

    describe("of a pod that the injection guard has admitted", () => {
        const old = pod("n1", right, starting);
        const next = { ...young("n2", seconds(-1)), uid: "next" };
        const guarded = look({ pods: [old], injectionGuard: inForce });
        const memory = after(look({ pods: [] }), guarded, look({ pods: [old, next], injectionGuard: inForce }));

        it("counts once it is Ready, and then for good", () => {
            strictEqual(isBornUnderGuard(next, memory), true);
            strictEqual(hasWorked(next, memory), true);
            const silent = { ...next, ready: false, readySince: undefined };
            strictEqual(hasWorked(silent, memory), true);
            strictEqual(hasWorked({ ...silent, uid: "another" }, memory), false);
        });

        it("does not count for one that is older than the guard, or where there is none", () => {
            strictEqual(isBornUnderGuard(old, memory), false);
            strictEqual(isBornUnderGuard(next, after(look({ pods: [] }), look({ pods: [next] }))), false);
            const absent = { present: true, inForce: false };
            strictEqual(isBornUnderGuard(next, after(look({ pods: [], injectionGuard: absent }))), false);
        });
    });
});

describe("The nodes that are not joining", () => {
    const first = look({ nodes: [node("n1")], pods: [] });
    const nodes = [node("n1"), node("n2")];
    const left = (memory: Memory, pods: readonly PodSeen[] = []) =>
        withoutJoining(nodes, look({ nodes, pods }).cluster, memory, isRight).map(({ name }) => name);

    it("are those of the first look, with or without a pod", () => {
        deepStrictEqual(left(after(first)), ["n1"]);
        deepStrictEqual(left(after(first), [pod("n2", right, starting)]), ["n1"]);
    });

    it("are those on which a pod was Ready, also if it no longer is", () => {
        deepStrictEqual(left(after(first, look({ nodes, pods: [pod("n2", right)] }))), ["n1", "n2"]);
    });

    it("are those whose pod is wrong, since it restarts, unless it is ending", () => {
        deepStrictEqual(left(after(first), [pod("n2", onNodeRole, starting)]), ["n1", "n2"]);
        deepStrictEqual(left(after(first), [pod("n2", onNodeRole, { terminating: true })]), ["n1"]);
    });
});
