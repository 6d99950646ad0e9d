import { deepStrictEqual } from "assert";
import { type Clients, createClients } from "../../../../handover/aws/awsClients";
import {
    aliveState,
    enabledRegions,
    instancesById,
    instancesByProfile,
    leavingState,
} from "../../../../handover/aws/instances";
import { account, profileArn } from "./account";
import { REGION, useAws } from "./fakeAws";

/** Of an instance that is terminated. */
const NOWHERE = { subnetId: "", securityGroupIds: [] };

describe("EC2 is asked", () => {
    const aws = useAws();
    beforeEach(() =>
        aws.answer(
            account({
                instances: [
                    {
                        id: "i-1",
                        profile: "p",
                        tags: { Name: "one", empty: "" },
                        subnetId: "subnet-0a",
                        securityGroupIds: ["sg-2", "sg-1"],
                        state: "stopped",
                        launchTime: "2026-01-01T00:00:01.000Z",
                    },
                    { id: "i-2", state: "terminated" },
                    { id: "i-3", profile: "p", region: "eu-west-1" },
                ],
                regions: ["us-east-1", REGION, "eu-west-1"],
            }),
        ),
    );

    const clients = (): Clients => {
        const operator = { accessKeyId: "AKIAOPERATOR", secretAccessKey: "s" };
        return createClients({ ...operator, endpoints: { ec2: aws.endpoint() } }, { region: REGION });
    };
    const sentParameters = () =>
        aws.calls.map(({ parameters: { Version, ...rest } }) => (Version === undefined ? {} : rest));

    it("for instances by their ids alone, each once and always in the same order", async () => {
        deepStrictEqual(await instancesById(clients(), ["i-2", "i-1", "i-2", "i-gone"]), [
            {
                id: "i-1",
                region: REGION,
                profileArn: profileArn("p"),
                tags: { Name: "one", empty: "" },
                network: { subnetId: "subnet-0a", securityGroupIds: ["sg-1", "sg-2"] },
                state: "stopped",
                launchedAt: Date.parse("2026-01-01T00:00:01Z"),
            },
            {
                id: "i-2",
                region: REGION,
                profileArn: undefined,
                tags: {},
                network: NOWHERE,
                state: "terminated",
                launchedAt: 0,
            },
        ]);
        deepStrictEqual(sentParameters(), [
            {
                MaxResults: "200",
                "Filter.1.Name": "instance-id",
                "Filter.1.Value.1": "i-1",
                "Filter.1.Value.2": "i-2",
                "Filter.1.Value.3": "i-gone",
            },
        ]);
    });

    it("and tells those that do not come back from those that may run again", async () => {
        const states = ["pending", "running", "shutting-down", "terminated", "stopping", "stopped"];
        aws.answer(account({ instances: states.map((state) => ({ id: `i-${state}`, state })) }));
        const found = await instancesById(
            clients(),
            states.map((state) => `i-${state}`),
        );
        deepStrictEqual(
            found.map((instance) => [instance.id, leavingState(instance), aliveState(instance)]),
            [
                ["i-pending", undefined, "pending"],
                ["i-running", undefined, "running"],
                ["i-shutting-down", "shutting-down", undefined],
                ["i-terminated", "terminated", undefined],
                ["i-stopping", undefined, "stopping"],
                ["i-stopped", undefined, "stopped"],
            ],
        );
    });

    it("for instances of a region by their profile and state", async () => {
        deepStrictEqual(await instancesByProfile(clients(), "eu-west-1", [profileArn("p")]), [
            {
                id: "i-3",
                region: "eu-west-1",
                profileArn: profileArn("p"),
                tags: {},
                network: NOWHERE,
                state: "running",
                launchedAt: 0,
            },
        ]);
        deepStrictEqual(sentParameters(), [
            {
                MaxResults: "200",
                "Filter.1.Name": "iam-instance-profile.arn",
                "Filter.1.Value.1": profileArn("p"),
                "Filter.2.Name": "instance-state-name",
                "Filter.2.Value.1": "pending",
                "Filter.2.Value.2": "running",
                "Filter.2.Value.3": "stopping",
                "Filter.2.Value.4": "stopped",
            },
        ]);
    });

    it("for the regions that the account has enabled, and no others", async () => {
        deepStrictEqual(await enabledRegions(clients()), ["eu-west-1", "us-east-1", REGION]);
        deepStrictEqual(sentParameters(), [{}]);
    });
});
