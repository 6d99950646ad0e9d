import { deepStrictEqual } from "assert";
import { cniRoleTrustsItsServiceAccountOnly as rule } from "../../../policies/cniRoleTrustsItsServiceAccountOnly";
import { UNKNOWN_TEXT, violations } from "./support/run";
import { attachment, goodTrust, ISSUER, managedCni, role } from "./support/stacks";

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

    it("is content with the trust of EKS Pod Identity", async () => {
        deepStrictEqual(
            await violationsWith({ Principal: { Service: "pods.eks.amazonaws.com" }, Condition: undefined }),
            [],
        );
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
