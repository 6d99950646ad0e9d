import { deepStrictEqual, strictEqual } from "assert";
import * as fc from "fast-check";
import { INTERFACE_ACTIONS } from "../../../documents/cniActions";
import { cniGrants } from "../../../documents/cniGrants";
import { allow, deny, FAMILIES, grantsOf, Statement } from "./statements";

describe("a policy that grants what the CNI does", () => {
    for (const action of INTERFACE_ACTIONS) {
        it(`by ${action} alone`, () => {
            strictEqual(grantsOf(allow(action)).grants, true);
        });
    }

    const granting: [string, Statement[]][] = [
        ["by *", [allow("*")]],
        ["by ec2:*", [allow("ec2:*")]],
        ["by a beginning", [allow("ec2:Assign*")]],
        ["by an end", [allow("*NetworkInterface")]],
        ["by NotAction of others", [{ Effect: "Allow", NotAction: ["iam:*"], Resource: "*" }]],
        [
            "on interfaces only",
            [allow("ec2:AttachNetworkInterface", { Resource: ["arn:aws:ec2:*:*:network-interface/*"] })],
        ],
        [
            "on one interface",
            [allow("ec2:*", { Resource: "arn:aws:ec2:us-west-2:111122223333:network-interface/eni-1" })],
        ],
        ["on every resource but some", [{ Effect: "Allow", Action: "*", NotResource: "arn:aws:s3:::bucket" }]],
        ["on resources named with a wildcard for the service", [allow("*", { Resource: "arn:aws:*:*:*:*" })]],
        ["on one resource of several", [allow("*", { Resource: ["arn:aws:s3:::bucket", "*"] })]],
        ["on a resource that is a beginning", [allow("*", { Resource: "arn:*" })]],
        ["under a condition", [allow("ec2:*", { Condition: { Bool: { "aws:SecureTransport": "true" } } })]],
        ["in the second statement", [allow("s3:*"), allow("ec2:DeleteNetworkInterface")]],
        [
            "with a Deny under a condition",
            [allow("ec2:*"), deny("*", { Condition: { Bool: { "aws:SecureTransport": "false" } } })],
        ],
        ["with a Deny of some resources", [allow("ec2:*"), deny("*", { Resource: "arn:aws:ec2:*:*:subnet/*" })]],
        ["with a Deny of all resources but some", [allow("ec2:*"), { Effect: "Deny", Action: "*", NotResource: "*" }]],
        ["with a Deny of all but one of the actions", [allow("ec2:*"), deny(INTERFACE_ACTIONS.slice(1))]],
    ];
    for (const [how, statements] of granting) {
        it(how, () => {
            strictEqual(grantsOf(...statements).grants, true);
        });
    }
});

describe("a policy that grants nothing of what the CNI does", () => {
    const other: [string, Statement[]][] = [
        ["reading", [allow("ec2:Describe*")]],
        ["tagging", [allow("ec2:CreateTags")]],
        ["other things of EC2", [allow(["ec2:RunInstances", "ec2:AttachVolume"])]],
        ["everything on resources of another service", [allow("*", { Resource: "arn:aws:s3:::bucket/*" })]],
        ["everything but EC2", [{ Effect: "Allow", NotAction: "EC2:*", Resource: "*" }]],
        ["only a Deny under a condition", [deny("ec2:*", { Condition: { Bool: { "aws:SecureTransport": "false" } } })]],
        ["only a Deny", [deny("ec2:Describe*"), deny("iam:*")]],
        ["a Deny of all that is allowed", [allow("ec2:*"), deny("ec2:*")]],
        ["a Deny of all but reading", [allow("ec2:*"), { Effect: "Deny", NotAction: "ec2:Describe*", Resource: "*" }]],
        ["a Deny on all resources among others", [allow("ec2:*"), deny("*", { Resource: ["arn:aws:s3:::b", "*"] })]],
    ];
    for (const [how, statements] of other) {
        it(how, () => {
            strictEqual(grantsOf(...statements).grants, false);
        });
    }
});

describe("a policy that holds more than what is the CNI's", () => {
    const more = [
        "*",
        "ec2:*",
        "ec2:A*",
        "ec2:Al*",
        "ec2:As*",
        "ec2:Attach*",
        "ec2:C*",
        "ec2:Create*",
        "ec2:De*",
        "ec2:Delete*",
        "ec2:Detach*",
        "ec2:Mod*",
        "ec2:Un*",
        "ec2:?ttach*",
        "ec2:RunInstances",
        "ecr:GetAuthorizationToken",
        "s3:*",
        "ec2:D*",
        "ec2:AssociateA*",
    ];
    for (const action of more) {
        it(`by ${action}`, () => {
            strictEqual(grantsOf(allow(["ec2:AssignPrivateIpAddresses", action])).broad, true);
        });
    }

    it("by NotAction", () => {
        strictEqual(grantsOf({ Effect: "Allow", NotAction: ["iam:*"], Resource: "*" }).broad, true);
        strictEqual(grantsOf({ Effect: "Allow", NotAction: ["ec2:AssignIpv6Addresses"], Resource: "*" }).broad, true);
    });

    it("by a Deny, which would be lost with it", () => {
        strictEqual(grantsOf(allow("ec2:AssignPrivateIpAddresses"), deny("ec2:AssignPrivateIpAddresses")).broad, true);
    });

    const own = [
        "ec2:Assign*",
        "ec2:Unassign*",
        "EC2:*NetworkInterface",
        "ec2:Describe*",
        "ec2:DescribeVpcs",
        "ec2:createtags",
    ];
    for (const action of own) {
        it(`not by ${action}`, () => {
            strictEqual(grantsOf(allow([action])).broad, false);
        });
    }
});

describe("the judgement of a policy", () => {
    const action = fc.constantFrom(...INTERFACE_ACTIONS);

    it("does not hang on upper and lower case of actions", () => {
        fc.assert(
            fc.property(action, fc.infiniteStream(fc.boolean()), (name, upper) => {
                const mixed = name.replace(/./g, (c) => (upper.next().value ? c.toUpperCase() : c.toLowerCase()));
                deepStrictEqual(grantsOf(allow(mixed)), grantsOf(allow(name)));
            }),
        );
    });

    it("takes ? for any one character and * for any number", () => {
        fc.assert(
            fc.property(action, fc.nat(), fc.nat(), (name, a, b) => {
                const [from, to] = [a % name.length, b % name.length].sort((x, y) => x - y) as [number, number];
                strictEqual(grantsOf(allow(`${name.slice(0, from)}?${name.slice(from + 1)}`)).grants, true);
                strictEqual(grantsOf(allow(`${name.slice(0, from)}*${name.slice(to)}`)).grants, true);
            }),
        );
    });

    it("never calls a policy enough that grants nothing", () => {
        const patterns = fc.constantFrom(
            "*",
            "ec2:*",
            "ec2:Describe*",
            "ec2:*Address*",
            "ec2:*Interface*",
            "ec2:CreateTags",
        );
        const statement = fc.record({
            Effect: fc.constantFrom("Allow", "Deny"),
            Action: fc.array(patterns),
            Resource: fc.constantFrom("*", "arn:aws:ec2:*:*:network-interface/*", "arn:aws:s3:::bucket"),
        });
        fc.assert(
            fc.property(fc.array(statement), fc.constantFrom(...FAMILIES), (Statement, family) => {
                const { grants, sufficient } = cniGrants({ Statement }, family);
                strictEqual(sufficient && !grants, false);
            }),
        );
    });
});
