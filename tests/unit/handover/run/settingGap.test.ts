import { deepStrictEqual, rejects } from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import { refusals } from "../../../../handover/model/refusals";
import { settingGapFix, settingGapWords } from "../../../../handover/model/settingGap";
import type { AccountSeen, CredentialSource } from "../../../../handover/model/world";
import type { RunContext } from "../../../../handover/observe/runContext";
import { observePreflight } from "../../../../handover/observe/preflightLook";
import { credentialGuard, type CredentialGuardInputs } from "../../../../handover/run/credentialGuardResource";
import { detachment, type DetachmentInputs } from "../../../../handover/run/detachmentResource";
import { SETTING_GAP } from "../support/settingGap";
import {
    ACCOUNT,
    carrying,
    CNI_POLICY,
    ISSUER,
    nodeRole,
    OTHER_POLICY,
    onNodeRole,
    record,
    ROLE,
    subject as ipv4,
    withoutPolicies,
    world,
} from "../support/worlds";

const subject = { ...ipv4, ipFamily: "ipv6" as const };
const shared = {
    subject,
    timeouts: DEFAULT_TIMEOUTS,
    iamPropagationSeconds: 1,
    forceDestroy: false,
    drift: "none",
    injectionGuard: false,
};
const inputs: CredentialGuardInputs = {
    ...shared,
    proof: "off",
    overrideExistingServiceAccount: true,
    detachFromNodeRoles: [],
    policyArns: [CNI_POLICY],
    additionalPolicies: false,
    roleUniqueId: "AROACNI",
};
const state = { ...inputs, record, formerAnnotations: {}, approvedRole: `${ROLE} AROACNI` };
const refused = { message: refusals.permissionsForSettings(subject, SETTING_GAP).message };
const claims = Buffer.from(JSON.stringify({ iss: `https://${ISSUER}` })).toString("base64url");

/** A cluster with settings that need more than the role grants, and the policies about which the account is asked. */
function live(credentials: CredentialSource = onNodeRole, account: Partial<AccountSeen> = {}) {
    const asked: unknown[] = [];
    const warnings: string[] = [];
    const seen = world(credentials, { account });
    let { at } = seen;
    const context = {
        subject,
        roleNames: [],
        now: () => at,
        sleep: (milliseconds: number) => Promise.resolve((at += milliseconds)),
        progress: () => undefined,
        warn: (line: string) => warnings.push(line),
        cluster: {
            clustersInKubeconfig: () => ["prod"],
            identity: () => Promise.resolve({ uid: "cluster", version: { major: 1, minor: 34 } }),
            look: () => Promise.resolve(seen.cluster),
            change: () => Promise.resolve((at += 2000)),
            requestToken: () => Promise.resolve(`h.${claims}.s`),
            testAdmission: () => Promise.resolve({ verdict: "admitted" }),
            close: () => undefined,
        },
        aws: {
            callerAccount: () => Promise.resolve(ACCOUNT),
            look: () => Promise.resolve(seen.account),
            missingGrants: () => Promise.resolve({ cni: [], logs: [] }),
            namedCluster: () => Promise.resolve({ is: "there", issuer: ISSUER }),
            otherDelivery: () => Promise.resolve({ addOnRoleArn: undefined, podIdentityRoleArns: [], unread: [] }),
            settingGap: ({ policyArns }: { readonly policyArns?: readonly string[] }) =>
                Promise.resolve(asked.push(policyArns)).then(() => SETTING_GAP),
        },
    } as unknown as RunContext;
    return { context, operation: { progress: () => undefined, open: () => Promise.resolve(context) }, asked, warnings };
}

describe("The credential guard, with settings that need more than the role grants,", () => {
    it("refuses before anything moves, also without a proof, and looks at the policies that the role is to have", async () => {
        const { operation, asked } = live();
        await rejects(credentialGuard.create(inputs, operation), refused);
        deepStrictEqual(asked, [[CNI_POLICY]]);
        const more = { additionalPolicies: true, policyArns: [CNI_POLICY, OTHER_POLICY] };
        const another = live();
        await rejects(credentialGuard.create({ ...inputs, ...more }, another.operation), refused);
        deepStrictEqual(another.asked, [[CNI_POLICY, OTHER_POLICY]]);
    });

    it("looks at the policies that another owner's role has", async () => {
        const { operation, asked } = live();
        await rejects(credentialGuard.create({ ...inputs, policyArns: [], roleUniqueId: "" }, operation), refused);
        deepStrictEqual(asked, [[]]);
    });

    it("does not refuse an update once pods may carry the role", async () => {
        const { operation } = live(carrying(ROLE));
        const { approvedRole } = await credentialGuard.update(
            { ...state, drift: "a reason" },
            { ...inputs, policyArns: [CNI_POLICY, OTHER_POLICY] },
            operation,
        );
        deepStrictEqual(approvedRole, `${ROLE} AROACNI`);
    });

    it("refuses an update that takes a policy away, or that brings another role", async () => {
        const before = { ...state, policyArns: [CNI_POLICY, OTHER_POLICY] };
        await rejects(credentialGuard.update(before, inputs, live(carrying(ROLE)).operation), refused);
        const another = { ...state, record: { ...record, approvedRoleArns: ["another"] }, drift: "a reason" };
        await rejects(credentialGuard.update(another, inputs, live(carrying(ROLE)).operation), refused);
    });
});

describe("A preview, with settings that need more than the role grants,", () => {
    const look = async (additionalPolicies: boolean) => {
        const { context, asked } = live();
        const { overrideExistingServiceAccount, detachFromNodeRoles, injectionGuard } = inputs;
        const known = { overrideExistingServiceAccount, detachFromNodeRoles, injectionGuard, additionalPolicies };
        const { world: seen } = await observePreflight(context, known, () => Promise.resolve(ISSUER));
        return [seen.account.settingGap, asked];
    };

    it("looks at the policies that the role has, and leaves additional ones to the update", async () => {
        deepStrictEqual(await look(false), [SETTING_GAP, [undefined]]);
        deepStrictEqual(await look(true), [undefined, []]);
    });
});

describe("The detachment, with settings that need more than the role grants,", () => {
    const verifying: DetachmentInputs = {
        ...shared,
        record,
        approvedRole: ROLE,
        delivered: "d",
        stableSeconds: 1,
        maxNotReadyNodes: 0,
        detachFromNodeRoles: ["nodes"],
    };
    const detached = { nodeRoles: [nodeRole(withoutPolicies)] };
    const STEP = `[settings] ${settingGapWords(SETTING_GAP, ROLE)} ${settingGapFix(SETTING_GAP, subject)}`;

    it("leaves them as a remaining step", async () => {
        const { operation, asked } = live(carrying(ROLE), detached);
        const { remainingSteps: steps } = await detachment.create(verifying, operation);
        deepStrictEqual([steps, asked], [[STEP], [undefined]]);
    });

    it("finds them on refresh, unless the last update has said so", async () => {
        const before = { ...verifying, verifiedPods: 3, detachedFrom: ["nodes"], remainingSteps: [] as string[] };
        const found = live(carrying(ROLE), detached);
        const { drift } = await detachment.read(before, found.operation);
        deepStrictEqual(found.warnings, [drift]);
        deepStrictEqual(drift.startsWith(settingGapWords(SETTING_GAP, ROLE)), true, drift);
        const told = live(carrying(ROLE), detached);
        const after = await detachment.read({ ...before, remainingSteps: [STEP] }, told.operation);
        deepStrictEqual([after.drift, told.warnings], ["none", []]);
    });
});
