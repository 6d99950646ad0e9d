import { deepStrictEqual, rejects, strictEqual } from "assert";
import { AwsFailure, SILENCE, useAws } from "./fakeAws";

const AWS_NODE = { namespace: "kube-system", name: "aws-node" };
const notFound = new AwsFailure("ResourceNotFoundException", "No addon: vpc-cni found in cluster: prod", 404);

function denied(action: string): AwsFailure {
    return new AwsFailure(
        "AccessDeniedException",
        `User: arn is not authorized to perform: eks:${action} on resource: r`,
        403,
    );
}

const NOTHING = { clusterName: "prod", addOnRoleArn: undefined, podIdentityRoleArns: [], unread: [] };

describe("the cluster of a name", () => {
    const aws = useAws();
    const named = () => aws.connect().namedCluster("prod");

    it("is there, with its issuer as the trust policy names it, and its IP family", async () => {
        const identity = { oidc: { issuer: "https://oidc.eks.eu-west-1.amazonaws.com/id/A" } };
        aws.answer({ "eks:DescribeCluster": () => ({ cluster: { name: "prod", identity } }) });
        deepStrictEqual(await named(), { is: "there", issuer: "oidc.eks.eu-west-1.amazonaws.com/id/A" });
        strictEqual(aws.calls[0]?.parameters["2"], "prod");
        const kubernetesNetworkConfig = { ipFamily: "ipv6" };
        aws.answer({ "eks:DescribeCluster": () => ({ cluster: { name: "prod", identity, kubernetesNetworkConfig } }) });
        deepStrictEqual(await named(), {
            is: "there",
            issuer: "oidc.eks.eu-west-1.amazonaws.com/id/A",
            ipFamily: "ipv6",
        });
    });

    it("is there without one, as some clusters on Outposts are", async () => {
        aws.answer({ "eks:DescribeCluster": () => ({ cluster: { name: "prod" } }) });
        deepStrictEqual(await named(), { is: "there", issuer: undefined });
        aws.answer({ "eks:DescribeCluster": () => ({}) });
        deepStrictEqual(await named(), { is: "there", issuer: undefined });
        aws.answer({ "eks:DescribeCluster": () => ({ cluster: { identity: {} } }) });
        deepStrictEqual(await named(), { is: "there", issuer: undefined });
    });

    it("is missing by EKS's own word only", async () => {
        const words = "No cluster found for name: prod.";
        aws.answer({ "eks:DescribeCluster": () => new AwsFailure("ResourceNotFoundException", words, 404) });
        deepStrictEqual(await named(), { is: "missing" });
    });

    it("is unread without the right", async () => {
        aws.answer({ "eks:DescribeCluster": () => denied("DescribeCluster") });
        deepStrictEqual(await named(), {
            is: "unread",
            call: {
                action: "eks:DescribeCluster",
                cause: "denied",
                why: "AWS rejected eks:DescribeCluster: User: arn is not authorized to perform: eks:DescribeCluster on resource: r",
            },
        });
    });

    it("is an error when EKS says something else", async () => {
        aws.answer({ "eks:DescribeCluster": () => new AwsFailure("InvalidParameterException", "bad name") });
        await rejects(named(), { code: "aws-call-failed" });
    });
});

describe("what EKS reports of a cluster", () => {
    const aws = useAws();

    it("is that it is there, whatever its status", async () => {
        aws.answer({ "eks:DescribeCluster": () => ({ cluster: { name: "prod", status: "DELETING" } }) });
        strictEqual(await aws.connect().clusterStatus("prod"), "there");
        strictEqual(aws.calls[0]?.parameters["2"], "prod");
    });

    it("is that it is gone by its own word only", async () => {
        const words = "No cluster found for name: prod.";
        aws.answer({ "eks:DescribeCluster": () => new AwsFailure("ResourceNotFoundException", words, 404) });
        strictEqual(await aws.connect().clusterStatus("prod"), "gone");
    });

    const issuer = "oidc.eks.eu-west-1.amazonaws.com/id/A";
    for (const [what, identity, known, status] of [
        ["there with the issuer that the role trusts", { oidc: { issuer: `https://${issuer}` } }, issuer, "there"],
        ["gone if its name has another issuer now", { oidc: { issuer: `https://${issuer}B` } }, issuer, "gone"],
        ["there if the issuer is unknown", { oidc: { issuer: `https://${issuer}` } }, undefined, "there"],
        ["there if EKS shows no issuer", undefined, issuer, "there"],
        ["there if EKS shows no OIDC identity", {}, issuer, "there"],
    ] as const) {
        it(`is that it is ${what}`, async () => {
            aws.answer({ "eks:DescribeCluster": () => ({ cluster: { name: "prod", identity } }) });
            strictEqual(await aws.connect().clusterStatus("prod", known), status);
        });
    }

    const others: [string, () => unknown][] = [
        ["missing rights", () => denied("DescribeCluster")],
        ["a page that is not there", () => new AwsFailure("UnknownOperationException", "not found", 404)],
        ["credentials that are not known", () => new AwsFailure("UnrecognizedClientException", "invalid", 403)],
    ];
    for (const [what, answer] of others) {
        it(`is unknown with ${what}`, async () => {
            aws.answer({ "eks:DescribeCluster": answer });
            strictEqual(await aws.connect().clusterStatus("prod"), "unknown");
        });
    }

    it("is unknown without an answer", async () => {
        const eks = "http://127.0.0.1:1";
        strictEqual(await aws.connect({ endpoints: { sts: aws.endpoint(), eks } }).clusterStatus("prod"), "unknown");
    }).timeout(30_000);
});

describe("how else EKS gives a service account credentials", () => {
    const aws = useAws();
    const read = () => aws.connect().otherDelivery("prod", AWS_NODE);
    const nothing = {
        "eks:DescribeAddon": () => notFound,
        "eks:ListPodIdentityAssociations": () => ({ associations: [] }),
    };

    it("is not at all without add-on and association", async () => {
        aws.answer(nothing);
        deepStrictEqual(await read(), NOTHING);
    });

    it("is an add-on, with its role or without", async () => {
        aws.answer({ ...nothing, "eks:DescribeAddon": () => ({ addon: { addonName: "vpc-cni" } }) });
        deepStrictEqual(await read(), NOTHING);
        aws.answer({ "eks:DescribeAddon": () => ({ addon: { serviceAccountRoleArn: "arn:role" } }) });
        deepStrictEqual((await read()).addOnRoleArn, "arn:role");
        deepStrictEqual([aws.calls[0]?.parameters["2"], aws.calls[0]?.parameters["4"]], ["prod", "vpc-cni"]);
    });

    it("is each Pod Identity association of the service account, on whatever page", async () => {
        aws.answer({
            ...nothing,
            "eks:ListPodIdentityAssociations": ({ parameters }) =>
                parameters["nextToken"] === undefined
                    ? { associations: [{ associationId: "a-1" }], nextToken: "more" }
                    : { associations: [{ associationId: "a-2" }] },
            "eks:DescribePodIdentityAssociation": ({ parameters }) => ({
                association: { roleArn: `arn:${parameters["4"] ?? ""}` },
            }),
        });
        deepStrictEqual((await read()).podIdentityRoleArns, ["arn:a-1", "arn:a-2"]);
        const listParameters = aws.calls.find(({ action }) => action.endsWith("Associations"))?.parameters;
        deepStrictEqual(
            [listParameters?.["namespace"], listParameters?.["serviceAccount"]],
            ["kube-system", "aws-node"],
        );
    });

    it("is reported as far as it may be read, with the missing rights", async () => {
        aws.answer({
            "eks:DescribeAddon": () => denied("DescribeAddon"),
            "eks:ListPodIdentityAssociations": () => denied("ListPodIdentityAssociations"),
        });
        deepStrictEqual(await read(), {
            ...NOTHING,
            unread: ["eks:DescribeAddon", "eks:ListPodIdentityAssociations"].map((action) => ({
                action,
                cause: "denied",
                why: `AWS rejected ${action}: User: arn is not authorized to perform: ${action} on resource: r`,
            })),
        });
    });

    const oneAssociation = {
        ...nothing,
        "eks:ListPodIdentityAssociations": () => ({ associations: [{ associationId: "a" }] }),
    };

    it("is reported with the right to describe an association, too", async () => {
        aws.answer({
            ...oneAssociation,
            "eks:DescribePodIdentityAssociation": () => denied("DescribePodIdentityAssociation"),
        });
        const { unread, ...rest } = await read();
        deepStrictEqual(rest, { clusterName: "prod", addOnRoleArn: undefined, podIdentityRoleArns: [] });
        deepStrictEqual(
            unread.map(({ action, cause }) => [action, cause]),
            [["eks:DescribePodIdentityAssociation", "denied"]],
        );
    });

    it("is reported with the action that AWS names, or else the one that was called", async () => {
        const refused = (words: string) => () => new AwsFailure("AccessDeniedException", words, 403);
        aws.answer({
            "eks:DescribeAddon": refused("not authorized to perform: eks:DescribeSomething on resource: r"),
            "eks:ListPodIdentityAssociations": refused("no"),
        });
        deepStrictEqual(
            (await read()).unread.map(({ action }) => action),
            ["eks:DescribeSomething", "eks:ListPodIdentityAssociations"],
        );
    });

    it("is reported without a call that EKS does not support", async () => {
        const unsupported = () => new AwsFailure("UnknownOperationException", "what?", 404);
        const entry = (action: string) => ({
            action,
            cause: "unsupported",
            why: `EKS does not support the call ${action}: what?`,
        });
        aws.answer({ "eks:DescribeAddon": unsupported, "eks:ListPodIdentityAssociations": unsupported });
        deepStrictEqual((await read()).unread, ["eks:DescribeAddon", "eks:ListPodIdentityAssociations"].map(entry));
        aws.answer({ ...oneAssociation, "eks:DescribePodIdentityAssociation": unsupported });
        deepStrictEqual((await read()).unread, [entry("eks:DescribePodIdentityAssociation")]);
    });

    it("is an error when EKS does not answer", async () => {
        aws.answer({ ...nothing, "eks:DescribeAddon": () => SILENCE });
        await rejects(read(), { code: "aws-unreachable" });
    }).timeout(60_000);

    it("is an error when EKS says something else", async () => {
        aws.answer({ ...nothing, "eks:DescribeAddon": () => new AwsFailure("InvalidParameterException", "bad name") });
        await rejects(read(), {
            code: "aws-call-failed",
            seen: "A call to AWS failed with InvalidParameter: bad name",
        });
    });
});
