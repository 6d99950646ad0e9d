import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";
import { podIdentityTrustPolicy } from "../../../../documents/podIdentity";
import { AwsFailure, useAws } from "./fakeAws";

const AWS_NODE = { namespace: "kube-system", name: "aws-node" };
const CLUSTER_ARN = "arn:aws:eks:us-west-2:111122223333:cluster/prod";
const ROLE = "arn:aws:iam::111122223333:role/cni";
const denied = (action: string) =>
    new AwsFailure("AccessDeniedException", `User: arn is not authorized to perform: ${action} on resource: r`, 403);
const notFound = new AwsFailure("ResourceNotFoundException", "No association found", 404);

describe("The Pod Identity associations of a service account", () => {
    const aws = useAws();
    const read = () => aws.connect().associations("prod", AWS_NODE);
    const listed = { "eks:ListPodIdentityAssociations": () => ({ associations: [{ associationId: "a-1" }] }) };
    const described = (association: object) => ({ "eks:DescribePodIdentityAssociation": () => ({ association }) });

    it("have their role, and when they were changed", async () => {
        aws.answer({ ...listed, ...described({ associationId: "a-1", roleArn: ROLE, createdAt: 10, modifiedAt: 20 }) });
        deepStrictEqual(await read(), {
            is: "seen",
            clusterName: "prod",
            associations: [{ id: "a-1", roleArn: ROLE, modifiedAt: 20_000 }],
        });
    });

    it("have what limits or changes their role", async () => {
        const more = { targetRoleArn: "target", ownerArn: "owner", policy: "{}", disableSessionTags: true };
        aws.answer({ ...listed, ...described({ associationId: "a-1", roleArn: ROLE, createdAt: 10, ...more }) });
        const seen = await read();
        deepStrictEqual(seen.is === "seen" ? seen.associations : seen, [
            { id: "a-1", roleArn: ROLE, modifiedAt: 10_000, ...more, policy: true },
        ]);
    });

    it("are none without one, and without one that was deleted since it was listed", async () => {
        aws.answer({ "eks:ListPodIdentityAssociations": () => ({ associations: [] }) });
        deepStrictEqual(await read(), { is: "seen", clusterName: "prod", associations: [] });
        aws.answer({ ...listed, "eks:DescribePodIdentityAssociation": () => notFound });
        deepStrictEqual(await read(), { is: "seen", clusterName: "prod", associations: [] });
    });

    for (const action of ["ListPodIdentityAssociations", "DescribePodIdentityAssociation"]) {
        it(`are unread without eks:${action}`, async () => {
            aws.answer({ ...listed, [`eks:${action}`]: () => denied(`eks:${action}`) });
            const seen = await read();
            deepStrictEqual(seen.is === "unread" ? seen.call.action : seen, `eks:${action}`);
        });
    }

    it("get another role, and nothing else, and one that is gone is no error", async () => {
        aws.answer({ "eks:UpdatePodIdentityAssociation": () => ({}) });
        await aws.connect().changeAssociation("prod", "a-1", ROLE);
        const { parameters = {} } = aws.calls.at(-1) ?? {};
        // The token makes the SDK's own retries one request.
        const { clientRequestToken, ...body } = JSON.parse(parameters["body"] ?? "") as Record<string, string>;
        deepStrictEqual([parameters["2"], parameters["4"], body], ["prod", "a-1", { roleArn: ROLE }]);
        match(clientRequestToken ?? "", /^[0-9a-f-]{36}$/);
        aws.answer({ "eks:UpdatePodIdentityAssociation": () => notFound });
        await aws.connect().changeAssociation("prod", "a-1", ROLE);
        aws.answer({ "eks:UpdatePodIdentityAssociation": () => denied("eks:UpdatePodIdentityAssociation") });
        await rejects(aws.connect().changeAssociation("prod", "a-1", ROLE), { code: "aws-access-denied" });
    });

    it("are deleted, and one that is gone is no error", async () => {
        aws.answer({ "eks:DeletePodIdentityAssociation": () => ({}) });
        await aws.connect().deleteAssociation("prod", "a-1");
        deepStrictEqual([aws.calls.at(-1)?.action], ["eks:DeletePodIdentityAssociation"]);
        aws.answer({ "eks:DeletePodIdentityAssociation": () => notFound });
        await aws.connect().deleteAssociation("prod", "a-1");
        aws.answer({ "eks:DeletePodIdentityAssociation": () => denied("eks:DeletePodIdentityAssociation") });
        await rejects(aws.connect().deleteAssociation("prod", "a-1"), { code: "aws-access-denied" });
    });
});

describe("The right of a node role to let the agent get credentials", () => {
    const aws = useAws();
    const role = { "iam:GetRole": () => ({ Role: { Arn: "arn:aws:iam::111122223333:role/eks/nodes" } }) };
    const decides = (EvalDecision: string, more: object = {}) => ({
        "iam:SimulatePrincipalPolicy": () => ({
            EvaluationResults: [{ EvalActionName: "eks-auth:AssumeRoleForPodIdentity", EvalDecision, ...more }],
        }),
    });
    const ask = () => aws.connect().agentRights(["nodes"], CLUSTER_ARN);

    it("is what IAM's simulator says about the role with its path, and the cluster", async () => {
        aws.answer({ ...role, ...decides("allowed") });
        deepStrictEqual(await ask(), { nodes: "allowed" });
        const { parameters } = aws.calls.at(-1) ?? {};
        deepStrictEqual(
            [
                parameters?.["PolicySourceArn"],
                parameters?.["ActionNames.member.1"],
                parameters?.["ResourceArns.member.1"],
            ],
            ["arn:aws:iam::111122223333:role/eks/nodes", "eks-auth:AssumeRoleForPodIdentity", CLUSTER_ARN],
        );
        aws.answer({ ...role, ...decides("implicitDeny") });
        deepStrictEqual(await ask(), { nodes: "denied" });
    });

    it("is unknown if the simulator is not allowed, lacks a value, or IAM does not show the role", async () => {
        const lacking = decides("implicitDeny", { MissingContextValues: ["aws:SourceVpc"] });
        const noRight = { "iam:SimulatePrincipalPolicy": () => denied("iam:SimulatePrincipalPolicy") };
        const noRole = { "iam:GetRole": () => new AwsFailure("NoSuchEntity", "no role", 404) };
        const found: unknown[] = [];
        for (const answers of [{ ...role, ...lacking }, { ...role, ...noRight }, noRole]) {
            aws.answer(answers);
            found.push(await ask());
        }
        deepStrictEqual(found, [{ nodes: "unknown" }, { nodes: "unknown" }, { nodes: "unknown" }]);
    });
});

describe("The proof for Pod Identity", () => {
    const aws = useAws();
    const caller = { "sts:GetCallerIdentity": () => ({ Account: "111122223333", Arn: "arn", UserId: "id" }) };
    const trusting = (document: object) => ({
        "iam:GetRole": () => ({
            Role: { Arn: ROLE, AssumeRolePolicyDocument: encodeURIComponent(JSON.stringify(document)) },
        }),
    });
    const trusted = podIdentityTrustPolicy({ clusterArn: CLUSTER_ARN, serviceAccount: AWS_NODE });
    const simulating = (decision: string) => ({
        "iam:SimulatePrincipalPolicy": ({ parameters }: { parameters: Record<string, string> }) => ({
            EvaluationResults: Object.entries(parameters)
                .filter(([name]) => name.startsWith("ActionNames.member."))
                .map(([, EvalActionName]) => ({ EvalActionName, EvalDecision: decision })),
        }),
    });
    const prove = (more: object = {}) =>
        aws.connect().prove({
            roleArn: ROLE,
            token: "",
            ipFamily: "ipv4",
            depth: "full",
            instanceId: undefined,
            podIdentity: { clusterArn: CLUSTER_ARN, serviceAccount: AWS_NODE },
            ...more,
        });

    it("is a trust policy that admits the service for these pods, and a simulation that allows the CNI's actions", async () => {
        aws.answer({ ...caller, ...trusting(trusted), ...simulating("allowed") });
        const { verdict } = await prove();
        strictEqual(verdict, "yes");
        deepStrictEqual(
            aws.calls.filter(({ action }) => action.startsWith("sts:Assume") || action.startsWith("ec2:")),
            [],
        );
    });

    const refused: [string, object][] = [
        ["another cluster's", podIdentityTrustPolicy({ clusterArn: `${CLUSTER_ARN}2`, serviceAccount: AWS_NODE })],
        [
            "another service account's",
            podIdentityTrustPolicy({ clusterArn: CLUSTER_ARN, serviceAccount: { ...AWS_NODE, name: "other" } }),
        ],
        [
            "one without sts:TagSession",
            { ...trusted, Statement: trusted.Statement.map((one) => ({ ...one, Action: "sts:AssumeRole" })) },
        ],
        [
            "one for EC2",
            {
                ...trusted,
                Statement: trusted.Statement.map((one) => ({ ...one, Principal: { Service: "ec2.amazonaws.com" } })),
            },
        ],
        [
            "one that also denies it",
            {
                ...trusted,
                Statement: [...trusted.Statement, { Effect: "Deny", Principal: "*", Action: "sts:AssumeRole" }],
            },
        ],
    ];
    for (const [which, document] of refused) {
        it(`fails with the trust policy of ${which}`, async () => {
            aws.answer({ ...caller, ...trusting(document), ...simulating("allowed") });
            const proof = await prove();
            deepStrictEqual(
                [proof.verdict, "code" in proof && proof.code, "final" in proof && proof.final],
                ["no", "trust-refused", false],
            );
        });
    }

    it("fails without the role, which IAM may propagate yet", async () => {
        aws.answer({ ...caller, "iam:GetRole": () => new AwsFailure("NoSuchEntity", "no role", 404) });
        const proof = await prove();
        match("why" in proof ? proof.why : "", /does not exist, or IAM has not propagated it yet/);
    });

    it("fails without the permissions", async () => {
        aws.answer({ ...caller, ...trusting(trusted), ...simulating("implicitDeny") });
        const proof = await prove();
        deepStrictEqual([proof.verdict, "code" in proof && proof.code], ["no", "permission-missing"]);
    });

    it("leaves to the canary what this machine may not read, or what depends on the call", async () => {
        const conditioned = {
            ...trusted,
            Statement: trusted.Statement.map(({ Condition, ...one }) => ({
                ...one,
                Condition: { StringEquals: { ...Condition?.StringEquals, "aws:SourceOrgID": "o-1" } },
            })),
        };
        const unread = { "iam:ListAttachedRolePolicies": () => denied("iam:ListAttachedRolePolicies") };
        const found: unknown[] = [];
        for (const answers of [
            { "iam:GetRole": () => denied("iam:GetRole"), ...simulating("allowed") },
            { ...trusting(conditioned), ...simulating("allowed") },
            {
                ...trusting(trusted),
                "iam:SimulatePrincipalPolicy": () => denied("iam:SimulatePrincipalPolicy"),
                ...unread,
            },
        ]) {
            aws.answer({ ...caller, ...answers });
            const proof = await prove();
            found.push([proof.verdict, "why" in proof && proof.why.split(". ")[0]]);
        }
        deepStrictEqual(found.slice(0, 2), [
            ["undecided", `The trust policy of ${ROLE} could not be read.`],
            [
                "undecided",
                `The trust policy of ${ROLE} has conditions for pods.eks.amazonaws.com that only a call of the service tests.`,
            ],
        ]);
        match(String(found[2]), /^undecided,Neither a DryRun nor IAM's policy simulator decides /);
    });

    it("says what nothing decides where the caller may not simulate, unless the role's policies do", async () => {
        const all = "ec2:AssignPrivateIpAddresses, ec2:UnassignPrivateIpAddresses, ec2:AttachNetworkInterface";
        aws.answer({
            ...caller,
            ...trusting(trusted),
            "iam:SimulatePrincipalPolicy": () => denied("iam:SimulatePrincipalPolicy"),
            "iam:ListAttachedRolePolicies": () => ({ AttachedPolicies: [] }),
            "iam:ListRolePolicies": () => ({ PolicyNames: [] }),
        });
        const open = await prove();
        match(
            "why" in open ? open.why : "",
            new RegExp(`^Neither a DryRun nor IAM's policy simulator decides ${all}, `),
        );
        match("why" in open ? open.why : "", /not authorized to perform: iam:SimulatePrincipalPolicy on resource: r$/);
        const PolicyArn = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";
        aws.answer({ "iam:ListAttachedRolePolicies": () => ({ AttachedPolicies: [{ PolicyArn }] }) });
        const proof = await prove();
        deepStrictEqual(proof.verdict, "yes");
        match(
            "evidence" in proof ? (proof.evidence[1] ?? "") : "",
            new RegExp(`^The policies of the role allow, without a condition: ${all}, `),
        );
    });

    it("asks for no permissions with proof: assumeRole, and takes no role of another account", async () => {
        aws.answer({ ...caller, ...trusting(trusted) });
        strictEqual((await prove({ depth: "assumeRole" })).verdict, "yes");
        const proof = await prove({ roleArn: "arn:aws:iam::444455556666:role/cni" });
        deepStrictEqual([proof.verdict, "final" in proof && proof.final], ["no", true]);
    });
});
