import { deepStrictEqual, strictEqual } from "assert";
import { ProofRequest } from "../../../../handover/model/proof";
import { account } from "./account";
import { useAws } from "./fakeAws";
import { dryRuns, members, provable, QUESTION, SESSION_KEY } from "./session";

describe("the proof that a role is aws-node's, tried on a node,", () => {
    const aws = useAws();
    beforeEach(() => aws.answer(provable()));

    const prove = (question: Partial<ProofRequest> = {}) => aws.connect().prove({ ...QUESTION, ...question });
    const sent = (action: string) => aws.calls.filter((call) => call.action === action);

    it("sends nothing to EC2 as the role but DryRuns, with the primary interface of a node", async () => {
        await prove();
        const asSession = aws.calls.filter(({ accessKeyId }) => accessKeyId === SESSION_KEY);
        strictEqual(asSession.length, 6);
        for (const { action, parameters } of asSession) {
            strictEqual(parameters["DryRun"], "true", action);
            strictEqual(/Assign/i.test(action), false, action);
        }
        const parametersOf = (action: string) => {
            const call = asSession.find((one) => one.action === `ec2:${action}`);
            return Object.fromEntries(
                Object.entries(call?.parameters ?? {}).filter(
                    ([name]) => !["Version", "DryRun", "ClientToken"].includes(name),
                ),
            );
        };
        deepStrictEqual(parametersOf("AttachNetworkInterface"), {
            DeviceIndex: "1",
            InstanceId: "i-1",
            NetworkInterfaceId: "eni-of-i-1",
        });
        deepStrictEqual(parametersOf("CreateNetworkInterface"), {
            SubnetId: "subnet-1",
            "SecurityGroupId.1": "sg-1",
            "SecurityGroupId.2": "sg-2",
        });
        deepStrictEqual(parametersOf("DeleteNetworkInterface"), { NetworkInterfaceId: "eni-of-i-1" });
        deepStrictEqual(parametersOf("DetachNetworkInterface"), { AttachmentId: "eni-attach-1" });
        deepStrictEqual(parametersOf("ModifyNetworkInterfaceAttribute"), {
            NetworkInterfaceId: "eni-of-i-1",
            "Attachment.AttachmentId": "eni-attach-1",
            "Attachment.DeleteOnTermination": "true",
        });
        deepStrictEqual(parametersOf("CreateTags"), {
            "ResourceId.1": "eni-of-i-1",
            "Tag.1.Key": "node.k8s.amazonaws.com/instance_id",
            "Tag.1.Value": "i-1",
        });
    });

    for (const instanceId of [undefined, "i-gone"]) {
        it(`makes no DryRun without a node (${instanceId ?? "none"}), and has all simulated`, async () => {
            strictEqual((await prove({ instanceId })).verdict, "yes");
            deepStrictEqual(
                aws.calls.filter(({ accessKeyId }) => accessKeyId === SESSION_KEY),
                [],
            );
            const [reading, { parameters } = { parameters: {} }] = sent("iam:SimulatePrincipalPolicy");
            strictEqual(members(reading?.parameters ?? {}, "ActionNames").length, 5);
            strictEqual(members(parameters, "ActionNames").length, 8);
            strictEqual(
                members(parameters, "ResourceArns")[0]?.endsWith(":network-interface/eni-0123456789abcdef0"),
                true,
            );
        });
    }

    it("looks for no node where none is given", async () => {
        await prove({ instanceId: undefined });
        deepStrictEqual(sent("ec2:DescribeInstances"), []);
    });

    const primary = {
        networkInterfaceId: "eni-1",
        subnetId: "subnet-1",
        attachment: { attachmentId: "eni-attach-1", deviceIndex: 0 },
    };
    const interfaceActions = () =>
        aws.calls
            .filter(({ accessKeyId, action }) => accessKeyId === SESSION_KEY && !action.startsWith("ec2:Describe"))
            .map(({ action }) => action);
    const shown = (reservationSet: object[]) =>
        aws.answer(dryRuns({ ...account({}), "ec2:DescribeInstances": () => ({ reservationSet }) }));

    it("tries each call on an interface with a primary one that is whole, in no security group", async () => {
        shown([{ instancesSet: [{ networkInterfaceSet: [primary] }] }]);
        strictEqual((await prove()).verdict, "yes");
        strictEqual(interfaceActions().length, 6);
        const [{ parameters } = { parameters: {} }] = sent("ec2:CreateNetworkInterface");
        deepStrictEqual(
            Object.keys(parameters).filter((name) => name.startsWith("SecurityGroup")),
            [],
        );
    });

    const unusable: [string, object[]][] = [
        ["in no reservation", []],
        ["gone from its reservation", [{}]],
        ["in an empty reservation", [{ instancesSet: [] }]],
        ["without interfaces", [{ instancesSet: [{ instanceId: "i-1" }] }]],
        ...Object.entries({
            "whose interface has no id": { ...primary, networkInterfaceId: undefined },
            "whose interface is in no subnet": { ...primary, subnetId: undefined },
            "whose interface is not attached": { ...primary, attachment: undefined },
            "whose attachment has no id": { ...primary, attachment: { deviceIndex: 0 } },
            "with a second interface only": { ...primary, attachment: { attachmentId: "a", deviceIndex: 1 } },
        }).map(([what, one]): [string, object[]] => [what, [{ instancesSet: [{ networkInterfaceSet: [one] }] }]]),
    ];
    for (const [what, reservations] of unusable) {
        it(`tries none of them with a node ${what}`, async () => {
            shown(reservations);
            strictEqual((await prove()).verdict, "yes");
            deepStrictEqual(interfaceActions(), []);
        });
    }
});
