import { deepStrictEqual, rejects, strictEqual } from "assert";
import { type Clients, createClients } from "../../../../handover/aws/awsClients";
import { judgedInline, judgedManaged, policyReader } from "../../../../handover/aws/policyReader";
import { account } from "./account";
import { ACCOUNT, AwsFailure, REGION, useAws } from "./fakeAws";

const CUSTOMER_POLICY = `arn:aws:iam::${ACCOUNT}:policy/ours`;
const GRANT = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: ["ec2:AssignIpv6Addresses"], Resource: "*" }],
};
const denied = new AwsFailure("AccessDenied", "not now", 403);

describe("a policy of a node role", () => {
    const aws = useAws();

    const clients = (): Clients => {
        const operator = { accessKeyId: "AKIAOPERATOR", secretAccessKey: "s" };
        return createClients({ ...operator, endpoints: { iam: aws.endpoint() } }, { region: REGION });
    };
    const managed = async (reader = policyReader(clients())) =>
        judgedManaged(await reader.read(CUSTOMER_POLICY), "ipv4");
    const world = account({
        roles: { nodes: { inline: { network: GRANT } } },
        policies: { [CUSTOMER_POLICY]: { document: GRANT } },
    });
    beforeEach(() => aws.answer(world));

    it("is read in the version that is in force", async () => {
        deepStrictEqual(await managed(), {
            arn: CUSTOMER_POLICY,
            kind: "cni",
            sufficient: false,
        });
        deepStrictEqual(
            aws.calls.map(({ action, parameters }) => [action, parameters["PolicyArn"], parameters["VersionId"]]),
            [
                ["iam:GetPolicy", CUSTOMER_POLICY, undefined],
                ["iam:GetPolicyVersion", CUSTOMER_POLICY, "v1"],
            ],
        );
    });

    it("is read again after a failure", async () => {
        const reader = policyReader(clients());
        aws.answer({ "iam:GetPolicyVersion": () => denied });
        await rejects(managed(reader), { code: "aws-access-denied" });
        aws.answer(world);
        strictEqual((await managed(reader))?.kind, "cni");
    });

    it("grants nothing when it is gone, or its version", async () => {
        for (const action of ["iam:GetPolicy", "iam:GetPolicyVersion"]) {
            aws.answer({ ...world, [action]: () => new AwsFailure("NoSuchEntity", "gone", 404) });
            strictEqual(await managed(), undefined);
        }
    });

    describe("that is inline", () => {
        const inline = async () => {
            const document = await policyReader(clients()).inlineDocument("nodes", "network");
            return judgedInline({ name: "network", document }, "ipv4");
        };

        it("is asked for by its role and name", async () => {
            deepStrictEqual(await inline(), { name: "network", sufficient: false });
            deepStrictEqual(
                aws.calls.map(({ parameters }) => [parameters["RoleName"], parameters["PolicyName"]]),
                [["nodes", "network"]],
            );
        });

        it("grants nothing when it was deleted since it was listed", async () => {
            aws.answer({ "iam:GetRolePolicy": () => new AwsFailure("NoSuchEntity", "gone", 404) });
            strictEqual(await inline(), undefined);
        });

        it("grants nothing where it is about other actions", async () => {
            const document = { Statement: { Effect: "Allow", Action: "logs:PutLogEvents", Resource: "*" } };
            aws.answer(account({ roles: { nodes: { inline: { network: document } } } }));
            strictEqual(await inline(), undefined);
        });

        it("is sufficient by its content", async () => {
            const document = { Statement: { Effect: "Allow", Action: "ec2:*", Resource: "*" } };
            aws.answer(account({ roles: { nodes: { inline: { network: document } } } }));
            deepStrictEqual(await inline(), { name: "network", sufficient: true });
        });

        it("is an error when it may not be read", async () => {
            aws.answer({ "iam:GetRolePolicy": () => denied });
            await rejects(inline(), { code: "aws-access-denied" });
        });
    });
});
