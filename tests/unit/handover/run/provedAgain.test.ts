import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import type { Proof } from "../../../../handover/model/proof";
import { Refusal } from "../../../../handover/model/refusal";
import { refusals } from "../../../../handover/model/refusals";
import type { ClusterSeen } from "../../../../handover/model/world";
import type { RunContext } from "../../../../handover/observe/runContext";
import { credentialGuard } from "../../../../handover/run/credentialGuardResource";
import { provedAgain } from "../../../../handover/run/provedAgain";
import { carrying, record, ROLE, subject, world } from "../support/worlds";

const REFUSED: Proof = { verdict: "no", code: "trust-refused", why: "IAM said no.", final: false };
const YES: Proof = { verdict: "yes", evidence: [] };
const denied = new Refusal("cluster-access-denied", "seen", "means", "fix");

/** A cluster that was handed over, in an account that answers each proof like this. */
function refreshed(answer: () => Promise<Proof>, cluster: Partial<ClusterSeen> = {}, token = "token") {
    const seen = world(carrying(ROLE), { cluster });
    const [proofs, lines]: [unknown[], string[]] = [[], []];
    const context = {
        subject,
        roleNames: [],
        now: () => seen.at,
        progress: (line: string) => lines.push(line),
        cluster: {
            look: () => Promise.resolve(seen.cluster),
            requestToken: () => (token === "" ? Promise.reject(denied) : Promise.resolve(token)),
            close: () => undefined,
        },
        aws: {
            look: () => Promise.resolve(seen.account),
            prove: (request: unknown) => {
                proofs.push(request);
                return answer();
            },
        },
    } as unknown as RunContext;
    return { context, cluster: seen.cluster, proofs, lines };
}

describe("The proof of a refresh", () => {
    it("is one attempt, with the depth of the program, a new token and an instance of the cluster", async () => {
        const { context, cluster, proofs, lines } = refreshed(() => Promise.resolve(YES));
        strictEqual(await provedAgain(context, { subject, proof: "assumeRole" }, cluster), undefined);
        deepStrictEqual(proofs, [
            {
                roleArn: ROLE,
                token: "token",
                ipFamily: "ipv4",
                depth: "assumeRole",
                instanceId: "i-n1",
                trust: { issuer: "", subject: "system:serviceaccount:kube-system:aws-node" },
            },
        ]);
        deepStrictEqual(lines, []);
    });

    it("tells why the pods lose their rights, after one attempt", async () => {
        const { context, cluster, proofs } = refreshed(() => Promise.resolve(REFUSED));
        const drift = await provedAgain(context, { subject, proof: "full" }, cluster);
        strictEqual(proofs.length, 1);
        strictEqual(drift?.startsWith(`A token of the service account can no longer use ${ROLE}: IAM said no.`), true);
    });

    it("shows nothing where only this machine may not assume the role", async () => {
        const undecided: Proof = { verdict: "undecided", why: "A perimeter.", evidence: [] };
        const { context, cluster, lines } = refreshed(() => Promise.resolve(undecided));
        deepStrictEqual([await provedAgain(context, { subject, proof: "full" }, cluster), lines], [undefined, []]);
    });

    it("is not made where the program turned it off, or the service account is gone", async () => {
        const { context, cluster, proofs } = refreshed(() => Promise.resolve(REFUSED));
        strictEqual(await provedAgain(context, { subject, proof: "off" }, cluster), undefined);
        const gone = { ...cluster, serviceAccount: undefined };
        strictEqual(await provedAgain(context, { subject, proof: "full" }, gone), undefined);
        deepStrictEqual(proofs, []);
    });

    it("says that it could not be made, and does not fail the refresh", async () => {
        const { context, cluster, lines } = refreshed(() => Promise.resolve(YES), {}, "");
        strictEqual(await provedAgain(context, { subject, proof: "full" }, cluster), undefined);
        deepStrictEqual(lines, [
            `whether the pods can still use ${ROLE} is not known: [cluster-access-denied] seen means fix`,
        ]);
    });

    it("does not hide an error of its own", async () => {
        const { context, cluster } = refreshed(() => Promise.reject(new TypeError("x")));
        await rejects(provedAgain(context, { subject, proof: "full" }, cluster), TypeError);
    });
});

describe("The credential guard's read", () => {
    const state = {
        subject,
        timeouts: DEFAULT_TIMEOUTS,
        iamPropagationSeconds: 120,
        forceDestroy: false,
        drift: "an earlier reason",
        proof: "full" as const,
        overrideExistingServiceAccount: false,
        detachFromNodeRoles: ["nodes"],
        injectionGuard: false,
        policyArns: [],
        additionalPolicies: false,
        roleUniqueId: "AROACNI",
        record,
        formerAnnotations: {},
        approvedRole: `${ROLE} AROACNI`,
    };
    const read = async (answer: Proof, cluster: Partial<ClusterSeen> = {}) => {
        const { context, lines, proofs } = refreshed(() => Promise.resolve(answer), cluster);
        const open = () => Promise.resolve(context);
        const { drift } = await credentialGuard.read(state, { progress: () => undefined, open });
        return { drift, lines, proofs: proofs.length };
    };

    it("has no drift where the role works, whatever an earlier refresh saw", async () => {
        deepStrictEqual(await read(YES), { drift: "none", lines: [], proofs: 1 });
    });

    it("has one where it does not, on which the next update acts", async () => {
        const { drift, lines } = await read(REFUSED);
        deepStrictEqual(lines, [drift]);
        strictEqual(credentialGuard.acting.includes("drift"), true);
    });

    it("has both where a policy is not recorded, too", async () => {
        const { context, lines } = refreshed(() => Promise.resolve(REFUSED));
        const forgetful = { ...state, record: { ...record, nodeRolePolicies: {} } };
        const open = () => Promise.resolve(context);
        const { drift, outputs } = await credentialGuard.read(forgetful, { progress: () => undefined, open });
        strictEqual(lines.length, 2);
        strictEqual(drift, lines.join(" "));
        deepStrictEqual(outputs.record, forgetful.record);
    });

    it("does not prove the role on another cluster", async () => {
        const { seen: drift } = refusals.clusterChanged(record.clusterUid, "other");
        deepStrictEqual(await read(REFUSED, { uid: "other" }), { drift, lines: [drift], proofs: 0 });
    });
});
