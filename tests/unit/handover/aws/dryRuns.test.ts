import { deepStrictEqual, strictEqual } from "assert";
import { CNI_ACTIONS, type CniAction } from "../../../../documents/cniActions";
import { createClients } from "../../../../handover/aws/awsClients";
import { type NodeArguments, tryActions } from "../../../../handover/aws/dryRuns";
import { AwsFailure, REGION, useAws } from "./fakeAws";

const MAY = new AwsFailure("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412);
const NODE: NodeArguments = {
    instanceId: "i-1",
    subnetId: "subnet-1",
    securityGroupIds: ["sg-1"],
    networkInterfaceId: "eni-1",
    attachmentId: "eni-attach-1",
    vpcId: "vpc-1",
};
const TAGGING: CniAction = { action: "ec2:CreateTags", on: ["network-interface"] };

describe("a DryRun as a role", () => {
    const aws = useAws();

    async function outcomesOf(actions: readonly CniAction[], node?: NodeArguments, secrets: string[] = []) {
        const clients = createClients({ endpoints: { ec2: aws.endpoint() } }, { region: REGION });
        const session = { accessKeyId: "ASIASESSION", secretAccessKey: "s", sessionToken: "t" };
        return tryActions(await clients.ec2As(session), actions, node, secrets);
    }

    for (const [family, untested] of [
        ["ipv4", /:(?:Una|A)ssign|:Describe/],
        ["ipv6", /:Assign|:Describe/],
    ] as const) {
        it(`is each call that is sent for ${family}, but for those that read or have none, and each action has its answer`, async () => {
            const actions = CNI_ACTIONS[family];
            const isTried = ({ action }: CniAction) => !untested.test(action);
            aws.answer(Object.fromEntries(actions.map(({ action }) => [action, () => MAY])));
            deepStrictEqual(
                await outcomesOf(actions, NODE),
                actions.map((action) => ({ action, outcome: isTried(action) ? "allowed" : "untried", words: "" })),
            );
            deepStrictEqual(
                aws.calls.map(({ action, parameters }) => [action, parameters["DryRun"]]).sort(),
                actions
                    .filter(isTried)
                    .map(({ action }) => [action, "true"])
                    .sort(),
            );
        });
    }

    it("is not made of an action on an interface without a node", async () => {
        deepStrictEqual(await outcomesOf([TAGGING]), [{ action: TAGGING, outcome: "untried", words: "" }]);
        deepStrictEqual(aws.counts(), {});
    });

    const answers: [string, unknown, string, string][] = [
        ["that it would succeed", MAY, "allowed", ""],
        ["nothing against it", {}, "allowed", ""],
        [
            "no",
            new AwsFailure("UnauthorizedOperation", "You may not. Encoded authorization failure message: QUJDRA", 403),
            "refused",
            "UnauthorizedOperation: You may not.",
        ],
        ["that it does not know who asks", new AwsFailure("AuthFailure", "who?", 401), "stranger", "AuthFailure: who?"],
        [
            "something else",
            new AwsFailure("InvalidParameterValue", "in use"),
            "unclear",
            "InvalidParameterValue: in use",
        ],
        [
            "something with a secret in it",
            new AwsFailure("InvalidParameterValue", "s3cret, the-token"),
            "unclear",
            "InvalidParameterValue: ***, ***",
        ],
    ];
    for (const [what, answer, outcome, words] of answers) {
        it(`comes out as ${outcome} where EC2 says ${what}`, async () => {
            aws.answer({ "ec2:CreateTags": () => answer });
            deepStrictEqual(await outcomesOf([TAGGING], NODE, ["s3cret", "the-token"]), [
                { action: TAGGING, outcome, words },
            ]);
            strictEqual(aws.calls.length, 1);
        });
    }
});
