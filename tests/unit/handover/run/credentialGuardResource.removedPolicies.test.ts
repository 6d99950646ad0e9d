import { deepStrictEqual, rejects } from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import { refusals } from "../../../../handover/model/refusals";
import type { RunContext } from "../../../../handover/observe/runContext";
import { credentialGuard, CredentialGuardInputs } from "../../../../handover/run/credentialGuardResource";
import { CNI_POLICY, FORMER_ROLE, OTHER_POLICY, onNodeRole, record, ROLE, subject, world } from "../support/worlds";

const inputs: CredentialGuardInputs = {
    subject: { ...subject, issuers: ["own", "theirs"] },
    timeouts: DEFAULT_TIMEOUTS,
    iamPropagationSeconds: 120,
    forceDestroy: false,
    drift: "none",
    proof: "off",
    overrideExistingServiceAccount: false,
    detachFromNodeRoles: ["nodes"],
    injectionGuard: false,
    policyArns: [CNI_POLICY, OTHER_POLICY],
    additionalPolicies: true,
    roleUniqueId: "AROACNI",
};
const state = {
    ...inputs,
    record: { ...record, ownRoleArns: [ROLE] },
    formerAnnotations: {},
    approvedRole: `${ROLE} AROACNI`,
};

/** Updates the guard, and records the calls. */
function update(changed: Partial<CredentialGuardInputs>) {
    const calls: string[] = [];
    const called = <T>(name: string, answer: T) => {
        calls.push(name);
        return Promise.resolve(answer);
    };
    const seen = world(onNodeRole);
    const context = {
        subject: changed.subject ?? inputs.subject,
        roleNames: ["nodes"],
        now: () => seen.at,
        progress: () => undefined,
        cluster: {
            identity: () => called("identity", { uid: "cluster", version: { major: 1, minor: 34 } }),
            look: () => called("look", seen.cluster),
            close: () => undefined,
        },
        aws: {
            missingGrants: (policies: readonly string[]) =>
                called(`grants of ${policies.join()}`, { cni: ["ec2:CreateTags"], logs: [] }),
        },
    } as unknown as RunContext;
    const operation = { progress: () => undefined, open: () => Promise.resolve(context) };
    return { updated: credentialGuard.update(state, { ...inputs, ...changed }, operation), calls };
}

describe("An update of the credential guard that takes something away", () => {
    it("refuses first if a policy leaves that the pods need", async () => {
        const { updated, calls } = update({ policyArns: [CNI_POLICY] });
        const { message } = refusals.policyStillNeeded([OTHER_POLICY], ROLE, ["ec2:CreateTags"], false);
        await rejects(updated, { message });
        deepStrictEqual(calls, [`grants of ${CNI_POLICY}`]);
    });

    it("refuses first if another role replaces one that other clusters share", async () => {
        const { updated, calls } = update({ subject: { ...inputs.subject, roleArn: FORMER_ROLE } });
        await rejects(updated, { message: refusals.sharedRoleReplaced(ROLE, ["theirs"]).message });
        deepStrictEqual(calls, []);
    });

    it("refuses first if its own role is used as another owner's", async () => {
        const { updated, calls } = update({ roleUniqueId: "" });
        await rejects(updated, { message: refusals.ownRoleAsExisting(ROLE).message });
        deepStrictEqual(calls, []);
    });
});
