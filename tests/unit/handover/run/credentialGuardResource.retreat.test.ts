import { deepStrictEqual, rejects } from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import {
    credentialGuard,
    CredentialGuardInputs,
    CredentialGuardOutputs,
} from "../../../../handover/run/credentialGuardResource";
import { carrying, CNI_POLICY, node, pod, record, ROLE, subject } from "../support/worlds";
import { Simulated, simulate } from "./simulatedCluster";

const state: CredentialGuardInputs & CredentialGuardOutputs = {
    subject,
    timeouts: { ...DEFAULT_TIMEOUTS, canarySeconds: 30, handBackSeconds: 90 },
    iamPropagationSeconds: 2,
    forceDestroy: false,
    drift: "none",
    proof: "full",
    overrideExistingServiceAccount: false,
    detachFromNodeRoles: ["nodes"],
    detachPolicyArns: [],
    injectionGuard: true,
    policyArns: [CNI_POLICY],
    additionalPolicies: false,
    formerAnnotations: {},
    approvedRole: "a",
    roleUniqueId: "AROACNI",
    record,
};
const nodes = ["n1", "n2", "n3"].map((name) => node(name));
const handedOver = nodes.map(({ name }) => pod(name, carrying(ROLE)));

/** Hands a cluster back whose pods carry the role. */
function handBack(born: Simulated["born"]) {
    const simulated = simulate({ nodes, pods: handedOver, ...(born && { born }) });
    return { ...simulated, ended: credentialGuard.delete(state, simulated.operation) };
}

describe("A hand-back whose first pod does not work with its former credentials", () => {
    it("gives this pod the role again, leaves the others as they are, and says so", async () => {
        const { ended, end, writes } = handBack(({ credentials }) =>
            credentials.kind === "webIdentity" ? "works" : "never",
        );
        await rejects(
            ended,
            /^Refusal: \[former-credentials-fail\] new1-n1 on n1 restarted with the former credentials/,
        );
        deepStrictEqual(end().carriers, ["n1", "n2", "n3"]);
        deepStrictEqual(writes(), ["release", "restart pod-n1", `annotate ${ROLE}`, "restart new1-n1"]);
    });

    it("says what failed first if the pod does not work with the role either", async () => {
        const { ended } = handBack(() => "never");
        await rejects(
            ended,
            /^Refusal: \[time-limit\] Giving the pods the role again .* Before that, the hand-back had failed: new1-n1 on n1 restarted with the former credentials/,
        );
    });
});
