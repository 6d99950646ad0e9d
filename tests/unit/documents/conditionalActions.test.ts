import { deepStrictEqual } from "node:assert/strict";
import { CNI_ACTIONS } from "../../../documents/cniActions";
import { conditionalActions } from "../../../documents/cniGrants";
import { ipv6CniPolicy } from "../../../documents/cniPermissions";
import { untestedByStart } from "../../../documents/startActions";
import { fixture } from "../support/fixtures";

const policy = (...Statement: object[]) => ({ Version: "2012-10-17", Statement });
const statement = (Action: string | readonly string[], more: object = {}) => ({
    Effect: "Allow",
    Action,
    Resource: "*",
    ...more,
});
const named = (...names: string[]) =>
    untestedByStart("ipv4", {}).filter(({ action }) => names.includes(action.replace("ec2:", "")));
const ASSIGN = "ec2:AssignPrivateIpAddresses";
const ASSIGNING = named("AssignPrivateIpAddresses");

describe("The actions that policies do not allow without a condition", () => {
    it("are all without a policy", () => {
        deepStrictEqual(conditionalActions([], ASSIGNING), [ASSIGN]);
        deepStrictEqual(conditionalActions([undefined], ASSIGNING), [ASSIGN]);
    });

    it("are none of AWS's policy on IPv4, and none of the policy for IPv6", () => {
        deepStrictEqual(conditionalActions([fixture("grants/AmazonEKS_CNI_Policy")], CNI_ACTIONS.ipv4), []);
        deepStrictEqual(conditionalActions([ipv6CniPolicy("aws")], CNI_ACTIONS.ipv6), []);
    });

    it("are none of those that one of several policies allows", () => {
        const documents = [policy(statement("s3:*")), policy(statement(ASSIGN))];
        deepStrictEqual(conditionalActions(documents, ASSIGNING), []);
    });

    for (const key of ["aws:ResourceTag/team", "aws:ResourceTag/cluster.k8s.amazonaws.com/name", "ec2:Vpc"]) {
        it(`are those under a condition on ${key}, which is none of another statement`, () => {
            const conditional = statement(ASSIGN, { Condition: { StringEquals: { [key]: "a" } } });
            deepStrictEqual(conditionalActions([policy(conditional)], ASSIGNING), [ASSIGN]);
            deepStrictEqual(conditionalActions([policy(conditional, statement("ec2:*"))], ASSIGNING), []);
        });
    }

    it("are those that a Deny mentions, whatever its condition", () => {
        const Condition = { StringNotEquals: { "aws:SourceVpc": "vpc-1" } };
        const denied = (Action: string) => policy(statement("*"), statement(Action, { Effect: "Deny", Condition }));
        deepStrictEqual(conditionalActions([denied("ec2:Assign*")], ASSIGNING), [ASSIGN]);
        deepStrictEqual(conditionalActions([denied("ec2:Unassign*")], ASSIGNING), []);
    });

    it("are those that are not allowed on each type of resource, in the order in which they are asked", () => {
        const on = (...types: string[]) => types.map((type) => `arn:aws:ec2:*:*:${type}/*`);
        const asked = named("CreateTags", "AttachNetworkInterface", "DeleteNetworkInterface");
        const documents = [policy(statement("ec2:*", { Resource: on("network-interface") }))];
        deepStrictEqual(conditionalActions(documents, asked), ["ec2:AttachNetworkInterface"]);
        const more = policy(statement("ec2:*", { Resource: on("instance") }));
        deepStrictEqual(conditionalActions([...documents, more], asked), []);
    });
});
