import { deepStrictEqual } from "assert";
import { cniRoleTrustsItsServiceAccountOnly as rule } from "../../../policies/cniRoleTrustsItsServiceAccountOnly";
import { UNKNOWN_TEXT, violations } from "./support/run";
import { attachment, goodTrust, ISSUER, managedCni, podIdentityTrust, role } from "./support/stacks";

const SUBJECT = "system:serviceaccount:kube-system:aws-node";
const GOOD = { [`${ISSUER}:aud`]: "sts.amazonaws.com", [`${ISSUER}:sub`]: SUBJECT };

async function violationsWith(change: object, config: object = {}): Promise<string[]> {
    const statement = { ...goodTrust().Statement[0], ...change };
    const stack = [role("cni", { Statement: [statement] }), attachment("a", "cni", managedCni())];
    return (await violations(rule, stack, config)).map((message) =>
        message.replace("cni: The trust policy of the CNI role ", ""),
    );
}

describe("cni-role-trusts-its-service-account-only", () => {
    it("is content with the component's trust, in any partition", async () => {
        for (const partition of ["aws", "aws-cn", "aws-us-gov"]) {
            const stack = [role("cni", goodTrust(partition)), attachment("a", "cni", managedCni(partition))];
            deepStrictEqual(await violations(rule, stack), []);
        }
    });

    describe("with the trust of EKS Pod Identity", () => {
        const { Condition, ...statement } = podIdentityTrust().Statement[0] as { Condition: { StringEquals: object } };
        const found = (conditions: object, config: object = {}) =>
            violationsWith({ ...statement, Condition: conditions }, config);
        const TAG = "aws:RequestTag/";

        it("is content with the component's, in any partition", async () => {
            for (const partition of ["aws", "aws-cn", "aws-us-gov"]) {
                const trust = podIdentityTrust(`arn:${partition}:eks:eu-west-1:111122223333:cluster/cluster`);
                deepStrictEqual(await violations(rule, [role("cni", trust)]), []);
            }
        });

        it("is content with a role that trusts both kinds of identity", async () => {
            const both = { Statement: [...goodTrust().Statement, ...podIdentityTrust().Statement] };
            deepStrictEqual(await violations(rule, [role("cni", both)]), []);
        });

        it("misses the namespace, the service account and the cluster", async () => {
            deepStrictEqual(await violationsWith({ ...statement, Condition: undefined }), [
                `has no condition on the namespace: add ${TAG}kubernetes-namespace = kube-system under StringEquals.`,
                `has no condition on the service account: add ${TAG}kubernetes-service-account = aws-node under StringEquals.`,
                `has no condition on the cluster: add ${TAG}eks-cluster-arn = the ARN of the cluster under StringEquals.`,
            ]);
        });

        it("refuses a comparison by StringLike, a wildcard, and another service account", async () => {
            deepStrictEqual(await found({ StringLike: Condition.StringEquals }), [
                "compares the namespace with StringLike: use StringEquals.",
                "compares the service account with StringLike: use StringEquals.",
                "compares the cluster with StringLike: use StringEquals.",
            ]);
            const every = {
                ...Condition.StringEquals,
                [`${TAG}eks-cluster-arn`]: "arn:aws:eks:*:111122223333:cluster/*",
            };
            deepStrictEqual(await found({ StringEquals: every }), [
                "has the cluster arn:aws:eks:*:111122223333:cluster/*: it must be the ARN of the cluster.",
            ]);
            const other = { ...Condition.StringEquals, [`${TAG}kubernetes-service-account`]: "default" };
            deepStrictEqual(await found({ StringEquals: other }), [
                "has the service account default: it must be aws-node.",
            ]);
            deepStrictEqual(await found({ StringEquals: other }, { serviceAccount: "default" }), []);
        });

        it("knows a CNI role by these conditions, whatever it may do", async () => {
            const { StringEquals } = Condition;
            const wide = { Statement: [{ ...statement, Condition: { StringEqualsIfExists: StringEquals } }] };
            deepStrictEqual((await violations(rule, [role("cni", wide)])).length, 3);
            const others = JSON.stringify(wide).replace('"aws-node"', '"default"');
            deepStrictEqual(await violations(rule, [role("cni", others)]), []);
        });

        it("refuses a second principal", async () => {
            const Principal = { Service: ["pods.eks.amazonaws.com", "ec2.amazonaws.com"] };
            deepStrictEqual((await violationsWith({ ...statement, Condition, Principal })).length, 2);
        });
    });

    it("cannot tell while the trust is not known", async () => {
        const stack = [role("cni", UNKNOWN_TEXT), attachment("a", "cni", managedCni())];
        deepStrictEqual(await violations(rule, stack), []);
    });

    it("refuses a comparison by StringLike, and a wildcard", async () => {
        const { [`${ISSUER}:sub`]: sub, ...aud } = GOOD;
        deepStrictEqual(
            await violationsWith({ Condition: { StringEquals: aud, StringLike: { [`${ISSUER}:sub`]: sub } } }),
            ["compares the subject with StringLike: use StringEquals."],
        );
        deepStrictEqual(
            await violationsWith({
                Condition: { StringEquals: { ...GOOD, [`${ISSUER}:sub`]: "system:serviceaccount:*:aws-node" } },
            }),
            [`has the subject system:serviceaccount:*:aws-node: it must be ${SUBJECT}.`],
        );
    });

    it("misses the audience and the subject", async () => {
        deepStrictEqual(await violationsWith({ Condition: undefined }), [
            `has no condition on the audience: add ${ISSUER}:aud = sts.amazonaws.com under StringEquals.`,
            `has no condition on the subject: add ${ISSUER}:sub = ${SUBJECT} under StringEquals.`,
        ]);
    });

    it("refuses the audience of China", async () => {
        deepStrictEqual(
            await violationsWith({
                Condition: { StringEquals: { ...GOOD, [`${ISSUER}:aud`]: "sts.amazonaws.com.cn" } },
            }),
            ["has the audience sts.amazonaws.com.cn: it must be sts.amazonaws.com."],
        );
    });

    it("refuses the subject of another service account, unless that one is configured", async () => {
        const other = "system:serviceaccount:net:cni";
        const change = { Condition: { StringEquals: { ...GOOD, [`${ISSUER}:sub`]: other } } };
        deepStrictEqual(await violationsWith(change), [`has the subject ${other}: it must be ${SUBJECT}.`]);
        deepStrictEqual(await violationsWith(change, { namespace: "net", serviceAccount: "cni" }), []);
    });

    it("refuses a second principal, in the statement or in another one", async () => {
        const end = "besides the OIDC provider of one cluster: remove it.";
        const { Federated } = goodTrust().Statement[0]?.Principal as { Federated: string };
        deepStrictEqual(await violationsWith({ Principal: { Federated, AWS: "111122223333" } }), [
            `names the principal AWS 111122223333 ${end}`,
        ]);
        deepStrictEqual(await violationsWith({ Principal: "*" }), [`names the principal AWS * ${end}`]);
        const ec2 = { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" };
        deepStrictEqual(await violations(rule, [role("cni", { Statement: [...goodTrust().Statement, ec2] })]), [
            `cni: The trust policy of the CNI role names the principal Service ec2.amazonaws.com ${end}`,
        ]);
    });
});
