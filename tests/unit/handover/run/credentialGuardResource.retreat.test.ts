import { deepStrictEqual, ok, rejects } from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import type { Proof } from "../../../../handover/model/proof";
import type { PodSeen } from "../../../../handover/model/world";
import { credentialGuard } from "../../../../handover/run/credentialGuardResource";
import { guardState } from "../support/guardStates";
import { carrying, FORMER_ROLE, node, pod, ROLE, ROLE_ARN, starting } from "../support/worlds";
import { Simulated, simulate } from "./simulatedCluster";

const state: typeof guardState = {
    ...guardState,
    timeouts: { ...DEFAULT_TIMEOUTS, canarySeconds: 30, handBackSeconds: 90 },
    iamPropagationSeconds: 2,
};
const nodes = ["n1", "n2", "n3"].map((name) => node(name));
const handedOver = nodes.map(({ name }) => pod(name, carrying(ROLE)));

/** Hands a cluster back whose pods carry the role. */
function handBack(of: Simulated) {
    const simulated = simulate({ nodes, pods: handedOver, ...of });
    return { ...simulated, ended: credentialGuard.delete(state, simulated.operation) };
}

describe("A hand-back whose first pod does not work with its former credentials", () => {
    it("gives this pod the role again, leaves the others as they are, and says so", async () => {
        const { ended, end, writes } = handBack({
            born: ({ credentials }) => (credentials.kind === "webIdentity" ? "works" : "never"),
        });
        await rejects(
            ended,
            /^Refusal: \[former-credentials-fail\] new1-n1 on n1 restarted with the former credentials/,
        );
        deepStrictEqual(end().carriers, ["n1", "n2", "n3"]);
        deepStrictEqual(writes(), ["release", "restart pod-n1", `annotate ${ROLE}`, "restart new1-n1"]);
    });

    it("names the role of these credentials, and moves the pods to the node roles once that role is deleted", async () => {
        const former = { ...state, record: { ...state.record, originalAnnotations: { [ROLE_ARN]: FORMER_ROLE } } };
        const carriesFormer = ({ credentials }: PodSeen) =>
            credentials.kind === "webIdentity" && credentials.roleArn === FORMER_ROLE;
        let proof: Proof = { verdict: "undecided", why: "w", evidence: [] };
        const { operation, end, writes } = simulate({
            nodes,
            pods: handedOver,
            born: (one) => (carriesFormer(one) ? "never" : "works"),
            get proof() {
                return proof;
            },
        });
        const advised = new RegExp(
            `${FORMER_ROLE}\\. If nothing needs this role any more, delete it, and run the same`,
        );
        await rejects(credentialGuard.delete(former, operation), advised);
        deepStrictEqual(end(), { annotations: { [ROLE_ARN]: ROLE }, carriers: ["n1", "n2", "n3"] });
        proof = { verdict: "no", code: "trust-refused", why: "w", final: false };
        await credentialGuard.delete(former, operation);
        deepStrictEqual(end(), { annotations: {}, carriers: [] });
        const first = ["release", "restart pod-n1", `annotate ${ROLE}`, "restart new1-n1"];
        deepStrictEqual(writes(), [...first, "release", "restart new2-n1", "restart pod-n2", "restart pod-n3"]);
    });

    it("says what failed first if the pod does not work with the role either", async () => {
        const { ended } = handBack({ born: () => "never" });
        await rejects(
            ended,
            /^Refusal: \[time-limit\] Giving the pods the role again .* Before that, the hand-back had failed: new1-n1 on n1 restarted with the former credentials/,
        );
    });
});

describe("A hand-back", () => {
    const many = Array.from({ length: 9 }, (_, nth) => node(`n${String(nth + 1)}`));
    const withRole = (of: readonly ReturnType<typeof node>[]) =>
        of.map(({ name, ready }) => pod(name, carrying(ROLE), ready ? {} : starting));

    it("takes as long as it has waves, each with its own limit", async () => {
        // Nine waves of about six seconds: more than twice the limit between two waves.
        const short = { ...state, timeouts: { ...state.timeouts, handBackSeconds: 20 } };
        const simulated = simulate({ nodes: many, pods: withRole(many) });
        const began = simulated.seen().at;
        await credentialGuard.delete(short, simulated.operation);
        deepStrictEqual(simulated.end().carriers, []);
        ok(simulated.seen().at - began > 2 * short.timeouts.handBackSeconds * 1000);
    });

    it("goes on when a pod that has returned misses a readiness probe, long after its limit", async () => {
        const { ended, end, lines } = handBack({
            nodes: many,
            pods: withRole(many),
            misses: ({ name }, at) => name === "new2-n2" && at >= 54 && at < 58,
        });
        await ended;
        deepStrictEqual(end().carriers, []);
        ok(lines.some((line) => line.includes("not Ready yet: new2-n2")));
    });

    it("moves every pod on a Ready node, and then waits for the NotReady one", async () => {
        const some = [node("n1"), node("n2"), node("n3", { ready: false }), node("n4")];
        const { ended, end, writes } = handBack({ nodes: some, pods: withRole(some) });
        await rejects(ended, /^Refusal: \[time-limit\] The hand-back .*still terminating: pod-n3; NotReady: n3/);
        deepStrictEqual(end().carriers, ["n3"]);
        deepStrictEqual(writes(), ["release", "restart pod-n1", "restart pod-n2", "restart pod-n4", "restart pod-n3"]);
    });
});
