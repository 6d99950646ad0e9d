import { deepStrictEqual, rejects, strictEqual } from "assert";
import { Refusal } from "../../../../handover/model/refusal";
import { account, CNI_POLICY, noSuchRole } from "./account";
import { AwsFailure, useAws } from "./fakeAws";

const busy = new AwsFailure(
    "ConcurrentModification",
    "The request was rejected because multiple requests were submitted",
    409,
);

describe("an attachment of a policy to a node role", () => {
    const aws = useAws();
    const noSuchPolicy = new AwsFailure(
        "NoSuchEntity",
        `Policy ${CNI_POLICY} does not exist or is not attachable.`,
        404,
    );
    const notAttached = new AwsFailure("NoSuchEntity", `Policy ${CNI_POLICY} was not found.`, 404);

    beforeEach(() => aws.answer(account({ roles: { nodes: {} } })));

    it("is made by one call", async () => {
        aws.answer({ "iam:AttachRolePolicy": () => ({}) });
        strictEqual(await aws.connect().attach("nodes", CNI_POLICY), "attached");
        deepStrictEqual(
            aws.calls.map(({ action, parameters }) => [action, parameters["RoleName"], parameters["PolicyArn"]]),
            [["iam:AttachRolePolicy", "nodes", CNI_POLICY]],
        );
    });

    it("is not made to a role that is gone", async () => {
        aws.answer({ "iam:AttachRolePolicy": () => noSuchRole("other") });
        strictEqual(await aws.connect().attach("other", CNI_POLICY), "gone");
    });

    it("of a policy that is gone has another answer", async () => {
        aws.answer({ "iam:AttachRolePolicy": () => noSuchPolicy });
        strictEqual(await aws.connect().attach("nodes", CNI_POLICY), "policyGone");
    });

    describe("of a policy that only the record has", () => {
        const arnOf = (name: string) => `arn:aws:iam::111122223333:policy/${name}`;
        const allow = (...Action: string[]) => ({
            document: { Statement: [{ Effect: "Allow", Action, Resource: "*" }] },
        });
        const ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess";
        const policies = {
            [arnOf("cni")]: allow("ec2:AssignPrivateIpAddresses", "ec2:DescribeInstances"),
            [arnOf("broad")]: allow("ec2:AssignPrivateIpAddresses", "s3:GetObject"),
            [arnOf("describe")]: allow("ec2:DescribeInstances"),
            [ADMINISTRATOR]: allow("*"),
        };
        const rows: [string, string, string][] = [
            ["is made if it grants what the CNI needs, and nothing else", arnOf("cni"), "attached"],
            ["is not made if it grants more", arnOf("broad"), "notOfCni"],
            ["is not made if it only describes", arnOf("describe"), "notOfCni"],
            ["is not made if it is AdministratorAccess", ADMINISTRATOR, "notOfCni"],
            ["is left to IAM if there is no such policy", arnOf("gone"), "attached"],
        ];
        for (const [what, arn, expected] of rows) {
            it(what, async () => {
                aws.answer(account({ roles: { nodes: {} }, policies }));
                aws.answer({ "iam:AttachRolePolicy": () => ({}) });
                strictEqual(await aws.connect().attach("nodes", arn), expected);
                strictEqual(aws.counts()["iam:AttachRolePolicy"] ?? 0, expected === "attached" ? 1 : 0);
            });
        }

        it("reads its document once", async () => {
            aws.answer(account({ roles: { nodes: {} }, policies }));
            await aws.connect().attach("nodes", arnOf("describe"));
            strictEqual(aws.counts()["iam:GetPolicyVersion"], 1);
        });
    });

    it("that is one too many says so at once, with the command", async () => {
        const words = "Cannot exceed quota for PoliciesPerRole: 10";
        aws.answer({ "iam:AttachRolePolicy": () => new AwsFailure("LimitExceeded", words, 409) });
        await rejects(aws.connect().attach("nodes", CNI_POLICY), {
            code: "aws-policy-quota",
            seen: `IAM rejected iam:AttachRolePolicy of ${CNI_POLICY} to nodes: ${words}`,
            means: "The role has reached its quota of managed policies.",
            fix:
                "Raise the quota (Service Quotas, IAM, L-0DA4ABF3), or detach a policy that the nodes do not need. Then run the same " +
                `command again. To attach this policy at once: aws iam attach-role-policy --role-name nodes --policy-arn ${CNI_POLICY}`,
        });
        deepStrictEqual(aws.counts(), { "iam:AttachRolePolicy": 1 });
    });

    it("is tried again while another caller changes the role, and not for ever", async () => {
        let refusals = 2;
        aws.answer({ "iam:AttachRolePolicy": () => (refusals-- > 0 ? busy : {}) });
        strictEqual(await aws.connect().attach("nodes", CNI_POLICY), "attached");
        strictEqual(aws.calls.length, 3);
        aws.answer({ "iam:DetachRolePolicy": () => busy });
        await rejects(aws.connect().detach("nodes", CNI_POLICY), { code: "aws-call-failed" });
        strictEqual(aws.counts()["iam:DetachRolePolicy"], 5);
    });

    for (const code of ["ConcurrentModificationOfOthers", "NoConcurrentModification"]) {
        it(`is not tried again for what only has the sound of that: ${code}`, async () => {
            aws.answer({ "iam:AttachRolePolicy": () => new AwsFailure(code, "no", 409) });
            await rejects(aws.connect().attach("nodes", CNI_POLICY), { code: "aws-call-failed" });
            deepStrictEqual(aws.counts(), { "iam:AttachRolePolicy": 1 });
        });
    }

    it("that AWS refuses for another reason keeps its words", async () => {
        const words = "Cannot perform the operation on the protected role 'nodes'";
        aws.answer({ "iam:AttachRolePolicy": () => new AwsFailure("UnmodifiableEntity", words, 400) });
        await rejects(aws.connect().attach("nodes", CNI_POLICY), (error: Refusal) => {
            deepStrictEqual(
                [error.code, error.seen],
                ["aws-call-failed", `A call to AWS failed with UnmodifiableEntity: ${words}`],
            );
            return true;
        });
    });

    it("is taken back by one call", async () => {
        aws.answer({ "iam:DetachRolePolicy": () => ({}) });
        strictEqual(await aws.connect().detach("nodes", CNI_POLICY), "detached");
        deepStrictEqual(
            aws.calls.map(({ action, parameters }) => [action, parameters["RoleName"], parameters["PolicyArn"]]),
            [["iam:DetachRolePolicy", "nodes", CNI_POLICY]],
        );
    });

    it("is taken back when it is not there any more", async () => {
        aws.answer({ "iam:DetachRolePolicy": () => notAttached });
        strictEqual(await aws.connect().detach("nodes", CNI_POLICY), "detached");
    });

    it("has nothing to be taken back from when the role is gone", async () => {
        aws.answer({ "iam:DetachRolePolicy": () => noSuchRole("other") });
        strictEqual(await aws.connect().detach("other", CNI_POLICY), "gone");
    });
});
