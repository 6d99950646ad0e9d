import { strictEqual } from "assert";
import { CNI_ACTIONS } from "../../../documents/cniActions";
import { cniGrants } from "../../../documents/cniGrants";
import { allow, deny, FAMILIES, grantsOf, Statement } from "./statements";

describe("a policy that is enough for the CNI", () => {
    for (const family of FAMILIES) {
        const actions = CNI_ACTIONS[family].map(({ action }) => action);
        const sufficient = (...Statement: Statement[]) => cniGrants({ Statement }, family).sufficient;

        it(`allows every action on ${family}`, () => {
            strictEqual(sufficient(allow(actions)), true);
        });

        for (const action of actions) {
            it(`lacks none: not without ${action} on ${family}`, () => {
                strictEqual(sufficient(allow(actions.filter((other) => other !== action))), false);
            });

            it(`has no Deny of any: not of ${action} on ${family}`, () => {
                const condition = { Condition: { Bool: { "aws:SecureTransport": "false" } } };
                strictEqual(sufficient(allow(actions), deny(action, condition)), false);
            });
        }

        it(`may be in several statements on ${family}`, () => {
            strictEqual(sufficient(...actions.map((action) => allow(action))), true);
        });

        it(`may deny what the CNI does not call on ${family}`, () => {
            strictEqual(sufficient(allow(actions), deny(["ec2:RunInstances", "iam:*"])), true);
        });

        it(`may name everything on ${family}`, () => {
            strictEqual(sufficient(allow("*")), true);
            strictEqual(sufficient(allow("ec2:*")), true);
            strictEqual(sufficient({ Effect: "Allow", NotAction: "iam:*", Resource: "*" }), true);
        });

        it(`hangs on no condition that may not hold on ${family}`, () => {
            const only = (key: string) => allow(actions, { Condition: { StringEquals: { [key]: "x" } } });
            strictEqual(sufficient(only("aws:SourceVpce")), false);
            strictEqual(sufficient(only("aws:ResourceTag/Team")), false);
            strictEqual(sufficient(only("AWS:ResourceTag/cluster.k8s.amazonaws.com/name")), true);
        });

        it(`needs reading on everything on ${family}`, () => {
            const reading = actions.filter((action) => action.startsWith("ec2:Describe"));
            const rest = actions.filter((action) => !action.startsWith("ec2:Describe"));
            strictEqual(sufficient(allow(rest), allow(reading)), true);
            strictEqual(sufficient(allow(rest), allow(reading, { Resource: "arn:aws:ec2:*:*:*" })), false);
            strictEqual(sufficient(allow(rest), { Effect: "Allow", Action: reading, NotResource: "*" }), false);
        });

        it(`may leave tags to interfaces on ${family}`, () => {
            const rest = actions.filter((action) => action !== "ec2:CreateTags");
            const tags = (Resource: string) => sufficient(allow(rest), allow("ec2:CreateTags", { Resource }));
            strictEqual(tags("arn:aws-cn:ec2:*:*:network-interface/*"), true);
            strictEqual(tags("arn:aws:ec2:us-west-2:111122223333:network-interface/*"), true);
            strictEqual(tags("arn:*:*:*:*:network-interface/*"), true);
            strictEqual(tags("arn:aws:ec2:*"), true);
            strictEqual(tags("arn:aws:ec2:*:*:instance/*"), false);
            strictEqual(tags("arn:aws:ec2:*:*:network-interface/eni-0123456789abcdef0"), false);
            strictEqual(tags("arn:aws:rds:*:*:network-interface/*"), false);
            strictEqual(tags("arn:aws:rds:*"), false);
            strictEqual(tags("xrn:aws:ec2:*:*:network-interface/*"), false);
        });
    }

    const types: [string, string[]][] = [
        ["ec2:AttachNetworkInterface", ["instance", "network-interface"]],
        ["ec2:CreateNetworkInterface", ["network-interface", "security-group", "subnet"]],
        ["ec2:DeleteNetworkInterface", ["network-interface"]],
        ["ec2:DetachNetworkInterface", ["instance", "network-interface"]],
        ["ec2:ModifyNetworkInterfaceAttribute", ["network-interface"]],
        ["ec2:AssignPrivateIpAddresses", ["network-interface"]],
        ["ec2:UnassignPrivateIpAddresses", ["network-interface"]],
    ];
    for (const [action, needed] of types) {
        it(`covers each of ${needed.join(", ")} for ${action}`, () => {
            const rest = allow(CNI_ACTIONS.ipv4.map((one) => one.action).filter((other) => other !== action));
            const on = (some: string[]) =>
                grantsOf(rest, allow(action, { Resource: some.map((type) => `arn:aws:ec2:*:*:${type}/*`) })).sufficient;
            strictEqual(on(needed), true);
            for (const type of needed) {
                strictEqual(on(needed.filter((other) => other !== type)), false, `without ${type}`);
            }
        });
    }
});
