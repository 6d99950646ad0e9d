import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import type { Admission } from "../../../../handover/kubernetes/clusterAccess";
import type { OtherDelivery, UnreadCall } from "../../../../handover/model/otherDelivery";
import { isRefusal, listRefusals } from "../../../../handover/model/refusal";
import { refusals } from "../../../../handover/model/refusals";
import type { AccountSeen, ClusterSeen } from "../../../../handover/model/world";
import type { RunContext } from "../../../../handover/observe/runContext";
import { credentialGuard, CredentialGuardInputs } from "../../../../handover/run/credentialGuardResource";
import {
    ACCOUNT,
    carrying,
    ISSUER,
    nodeRole,
    onNodeRole,
    pod,
    record,
    serviceAccount,
    subject,
    withoutPolicies,
    world,
} from "../support/worlds";

const inputs: CredentialGuardInputs = {
    subject,
    timeouts: DEFAULT_TIMEOUTS,
    iamPropagationSeconds: 120,
    forceDestroy: false,
    drift: "none",
    proof: "off",
    overrideExistingServiceAccount: false,
    detachFromNodeRoles: ["nodes"],
    injectionGuard: false,
    policyArns: [],
    additionalPolicies: false,
    roleUniqueId: "AROACNI",
};

const claims = Buffer.from(JSON.stringify({ iss: `https://${ISSUER}` })).toString("base64url");
const NOTHING_ELSE: OtherDelivery = { addOnRoleArn: undefined, podIdentityRoleArns: [], unread: [] };

/** Creates the guard on this cluster, as a caller of this account. */
function create(
    cluster: Partial<ClusterSeen>,
    callerAccount = ACCOUNT,
    otherDelivery = NOTHING_ELSE,
    more: Partial<CredentialGuardInputs> = {},
    account: Partial<AccountSeen> = {},
    prove: (request: object) => Promise<unknown> = () => Promise.reject(new Error("not asked")),
    admission: Admission = { verdict: "admitted" },
) {
    const [closed, lines, admitted]: [string[], string[], string[]] = [[], [], []];
    const seen = world(onNodeRole, { cluster, account });
    const context = {
        subject,
        roleNames: ["nodes"],
        now: () => seen.at,
        sleep: () => Promise.resolve(),
        progress: (line: string) => lines.push(line),
        cluster: {
            clustersInKubeconfig: () => (otherDelivery.clusterNameUnknown === undefined ? ["prod"] : []),
            identity: () => Promise.resolve({ uid: "cluster", version: { major: 1, minor: 34 } }),
            look: () =>
                Promise.resolve({
                    ...seen.cluster,
                    injectionGuard: {
                        ...seen.cluster.injectionGuard,
                        ...(admitted.length > 0 && { roleArns: admitted }),
                    },
                }),
            admitRoles: (roleArns: string[]) => Promise.resolve(admitted.push(...roleArns)),
            testAdmission: () => Promise.resolve(admission),
            requestToken: () => Promise.resolve(`h.${claims}.s`),
            close: () => closed.push("closed"),
        },
        aws: {
            callerAccount: () => Promise.resolve(callerAccount),
            look: () => Promise.resolve(seen.account),
            namedCluster: () => Promise.resolve({ is: "there", issuer: ISSUER }),
            otherDelivery: () => Promise.resolve(otherDelivery),
            prove,
        },
    } as unknown as RunContext;
    const operation = { progress: () => undefined, open: () => Promise.resolve(context) };
    return { operation, created: credentialGuard.create({ ...inputs, ...more }, operation), closed, lines, admitted };
}

describe("The credential guard's proof", () => {
    /** The fix of the refusal, in an update from a state that approved these roles. */
    async function fixOf(approvedRoleArns: string[]): Promise<string> {
        const answer = { verdict: "no", code: "trust-refused", why: "w", final: true };
        const { operation } = create({}, ACCOUNT, NOTHING_ELSE, {}, {}, () => Promise.resolve(answer));
        const state = {
            ...inputs,
            drift: "a reason",
            proof: "full" as const,
            record: { ...record, approvedRoleArns },
            formerAnnotations: {},
            approvedRole: `${subject.roleArn} AROACNI`,
        };
        const error: unknown = await credentialGuard.update(state, { ...inputs, proof: "full" }, operation).then(
            () => undefined,
            (thrown: unknown) => thrown,
        );
        return isRefusal(error, "trust-refused") ? error.fix : "";
    }

    it("fails with the way back where the role was approved before, and without it where it was not", async () => {
        deepStrictEqual(
            (await fixOf([subject.roleArn])).endsWith(
                "Or run pulumi destroy: it moves the pods back to the node roles.",
            ),
            true,
        );
        deepStrictEqual((await fixOf(["another"])).startsWith("Fix the cause, and run the same command again."), true);
    });

    it("compares the trust policy of a role that the component manages alone", async () => {
        for (const [roleUniqueId, asked, way] of [
            ["AROACNI", [false, true], /set proof: "assumeRole" or proof: "off"/],
            ["", [false], /If a policy admits only the nodes, and not the machine that runs Pulumi, set proof: "off"/],
        ] as const) {
            const trusts: boolean[] = [];
            const prove = (request: object) => {
                trusts.push("trust" in request);
                return Promise.resolve({ verdict: "no", code: "trust-refused", why: "w", final: false });
            };
            const more = { proof: "full", roleUniqueId, timeouts: { ...DEFAULT_TIMEOUTS, proofSeconds: 0 } } as const;
            await rejects(create({}, ACCOUNT, NOTHING_ELSE, more, {}, prove).created, { fix: way });
            deepStrictEqual(trusts, asked);
        }
    });
});

describe("An injection guard that a lost state has left over", () => {
    it("admits the role before the service account gets it", async () => {
        const leftOver = { present: true, inForce: true, roleArns: ["arn:aws:iam::111122223333:role/before"] };
        const { created, admitted } = create({ injectionGuard: leftOver });
        await created;
        deepStrictEqual(admitted, ["arn:aws:iam::111122223333:role/before", subject.roleArn]);
    });
});

describe("The credential guard's preflight", () => {
    it("lists every reason at once", async () => {
        const { created, closed } = create({ serviceAccount: undefined, daemonSet: undefined }, "999988887777");
        const reasons = [
            refusals.wrongAccount("999988887777", ACCOUNT),
            refusals.serviceAccountMissing(subject),
            refusals.daemonSetMissing(subject),
        ];
        const message = listRefusals("The update stopped before it changed anything on the cluster", reasons);
        await rejects(created, { name: "Refusals", message, stack: message });
        deepStrictEqual(message.split("\n").length, 4);
        deepStrictEqual(closed, ["closed"]);
    });

    it("ends with a single reason as it is", async () => {
        await rejects(create({ daemonSet: undefined }).created, refusals.daemonSetMissing(subject));
    });

    it("says which regions count as empty, and ends at others that could not be read", async () => {
        const denied = { region: "eu-north-1", cause: "serviceControlPolicy", answer: "Denied." } as const;
        const passing = create({}, ACCOUNT, NOTHING_ELSE, {}, { unreadRegions: [denied] });
        await passing.created;
        deepStrictEqual(passing.lines, [
            "Counted as empty, since a service control policy denies ec2:DescribeInstances and eks:ListClusters there, and IAM did not see a node role used " +
                "there last: eu-north-1. An instance that runs there with a node role loses the policy.",
            "proof: off, the canary alone decides",
        ]);
        const other = { ...denied, cause: "other" } as const;
        const { created, lines } = create({}, ACCOUNT, NOTHING_ELSE, {}, { unreadRegions: [denied, other] });
        await rejects(created, { code: "aws-region-refused" });
        deepStrictEqual(lines, []);
    });

    const unread: UnreadCall = { action: "eks:DescribeAddon", cause: "denied", why: "AWS rejected eks:DescribeAddon." };
    const withoutDetachment = { detachFromNodeRoles: [] };

    it("ends where EKS does not show how else aws-node gets credentials, and a policy is to be detached", async () => {
        const { created, lines } = create({}, ACCOUNT, { ...NOTHING_ELSE, unread: [unread] });
        await rejects(created, refusals.otherDeliveryDenied([unread], subject));
        deepStrictEqual(lines, []);
    });

    it("goes on with a line where nothing is detached", async () => {
        const { created, lines } = create({}, ACCOUNT, { ...NOTHING_ELSE, unread: [unread] }, withoutDetachment);
        await created;
        deepStrictEqual(lines, [unread.why, PROOF_OFF]);
    });

    const PROOF_OFF = "proof: off, the canary alone decides";
    const UNKNOWN =
        "The name of the EKS cluster is unknown: the kubeconfig has none, and the tags of the nodes' instances have none in common.";

    it("ends where the cluster's name is unknown, and a policy is to be detached", async () => {
        const { created, lines } = create({}, ACCOUNT, { ...NOTHING_ELSE, clusterNameUnknown: "" });
        await rejects(created, refusals.clusterNameUnknown(UNKNOWN, subject));
        deepStrictEqual(lines, []);
    });

    it("goes on with a line about the unknown name where nothing is detached", async () => {
        const { created, lines } = create({}, ACCOUNT, { ...NOTHING_ELSE, clusterNameUnknown: "" }, withoutDetachment);
        await created;
        deepStrictEqual(lines, [
            `${UNKNOWN} So the add-on vpc-cni and the Pod Identity associations are not looked at.`,
            PROOF_OFF,
        ]);
    });

    it("passes where there is none", async () => {
        const { record } = await create({}).created;
        deepStrictEqual(record.approvedRoleArns, [subject.roleArn]);
    });

    it("says that pods have no path already, before anything that takes time, and goes on", async () => {
        const { created, lines } = create({}, ACCOUNT, NOTHING_ELSE, {}, { nodeRoles: [nodeRole(withoutPolicies)] });
        await created;
        deepStrictEqual(lines, [
            "the aws-node pods on nodes of nodes have no path to the CNI's permissions now, since this role holds no CNI policy: " +
                "going on at once, since the hand-over gives them one",
            "proof: off, the canary alone decides",
        ]);
    });

    it("says nothing of it where they have one", async () => {
        const { created, lines } = create({});
        await created;
        deepStrictEqual(lines, ["proof: off, the canary alone decides"]);
    });
});

describe("Another component's injection guard", () => {
    const unannotated = { serviceAccount: { ...serviceAccount, annotations: {} } };
    const theirs: Admission = { verdict: "unknown", why: "refused", anotherGuard: "eks-cni-theirs" };
    const proofs: string[] = [];
    const prove = () => {
        proofs.push("prove");
        return Promise.resolve({ verdict: "yes", evidence: [] });
    };
    const refused = (admission: Admission, cluster: Partial<ClusterSeen> = {}) =>
        create(
            { ...unannotated, ...cluster },
            ACCOUNT,
            NOTHING_ELSE,
            { proof: "full" },
            {},
            prove,
            admission,
        ).created.then(
            () => undefined,
            (error: unknown) => String(error),
        );
    beforeEach(() => (proofs.length = 0));

    it("stops the update before anything is proved, if it refuses pods with the role", async () => {
        match(
            (await refused(theirs)) ?? "",
            /^Refusal: \[another-injection-guard\] .*admission policy eks-cni-theirs, refuses/,
        );
        deepStrictEqual(proofs, []);
    });

    it("is looked for only where nothing else stops the update: the other component may still deliver its role", async () => {
        const roleArnOwners = ["eks-cni/theirs/production/cni"];
        const live = { serviceAccount: { ...unannotated.serviceAccount, roleArnOwners } };
        match((await refused(theirs, live)) ?? "", /^Refusal: \[another-component\] /);
        match((await refused(theirs, { serviceAccount: undefined })) ?? "", /^Refusal: \[service-account-missing\] /);
    });

    it("is looked for where the service account has the role already, and pods have not", async () => {
        match((await refused(theirs, { serviceAccount })) ?? "", /\[another-injection-guard\]/);
    });

    it("is not looked for where the pods have the role already", async () => {
        const carriers = [pod("n1", carrying(subject.roleArn))];
        strictEqual(await refused(theirs, { serviceAccount, pods: carriers }), undefined);
        deepStrictEqual(proofs, ["prove"]);
    });

    it("does not count where something else refuses them", async () => {
        strictEqual(await refused({ verdict: "unknown", why: "No right to create pods." }), undefined);
    });
});
