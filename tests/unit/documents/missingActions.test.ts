import { deepStrictEqual } from "node:assert/strict";
import { CNI_ACTIONS } from "../../../documents/cniActions";
import { LOG_ACTIONS, missingCniActions, missingLogActions } from "../../../documents/cniGrants";
import { ipv6CniPolicy } from "../../../documents/cniPermissions";

const statement = (Effect: string, Action: string | readonly string[], Resource = "*") => ({
    Effect,
    Action,
    Resource,
});
const policy = (...Statement: object[]) => ({ Version: "2012-10-17", Statement });
const namesOf = (ipFamily: "ipv4" | "ipv6") => CNI_ACTIONS[ipFamily].map(({ action }) => action);

describe("The CNI's actions that policies do not grant together", () => {
    it("are all of an IP family without a policy", () => {
        for (const ipFamily of ["ipv4", "ipv6"] as const) {
            deepStrictEqual(missingCniActions([], ipFamily), namesOf(ipFamily));
            deepStrictEqual(missingCniActions([undefined], ipFamily), namesOf(ipFamily));
        }
    });

    it("are none of the policies that grant them, in one or in several", () => {
        deepStrictEqual(missingCniActions([ipv6CniPolicy("aws")], "ipv6"), []);
        const [first = "", ...others] = namesOf("ipv4");
        deepStrictEqual(
            missingCniActions([policy(statement("Allow", first)), policy(statement("Allow", others))], "ipv4"),
            [],
        );
        deepStrictEqual(missingCniActions([policy(statement("Allow", others))], "ipv4"), [first]);
    });

    it("are those that another policy denies", () => {
        const denied = policy(statement("Deny", "ec2:DescribeTags"));
        deepStrictEqual(missingCniActions([policy(statement("Allow", "*")), denied], "ipv4"), ["ec2:DescribeTags"]);
    });
});

describe("The actions of the network policy logs that policies do not grant together", () => {
    it("are all without a policy", () => {
        deepStrictEqual(missingLogActions([]), [
            "logs:DescribeLogGroups",
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
        ]);
    });

    it("are none if each may be used on some log group", () => {
        const [first = "", ...others] = LOG_ACTIONS;
        const documents = [
            policy(statement("Allow", first)),
            policy(statement("Allow", others, "arn:aws:logs:*:*:log-group:/aws/eks/*")),
        ];
        deepStrictEqual(missingLogActions(documents), []);
    });

    it("are those that a policy denies everywhere, whatever else it denies", () => {
        const all = policy(statement("Allow", "logs:*"));
        const one = statement("Deny", "logs:PutLogEvents", "arn:aws:logs:*:*:log-group:/other");
        deepStrictEqual(missingLogActions([all, policy(one)]), []);
        deepStrictEqual(missingLogActions([all, policy(one, statement("Deny", "logs:PutLogEvents"))]), [
            "logs:PutLogEvents",
        ]);
        deepStrictEqual(missingLogActions([policy(statement("Deny", "logs:PutLogEvents"))]), [...LOG_ACTIONS]);
    });
});
