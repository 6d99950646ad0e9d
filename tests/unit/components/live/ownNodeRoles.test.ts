import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual } from "assert";
import { isOfProgram, ownNodeRoles } from "../../../../components/live/ownNodeRoles";
import { inputs, live } from "../../support/live";
import { assertAccepted } from "../../support/refusals";

const TRUST = { assumeRolePolicy: "{}" };

/** As the plugin receives it: a value, and the URNs of the resources that it comes from. */
function fromPlugin<T>(value: T, type: string): pulumi.Output<T> {
    const urn = `urn:pulumi:stack::project::a:b:C$${type}::nodes`;
    const behind = new Set([new pulumi.DependencyResource(urn)]);
    const Output = pulumi.output(value).constructor as new (...parts: unknown[]) => pulumi.Output<T>;
    return new Output(
        behind,
        Promise.resolve(value),
        Promise.resolve(true),
        Promise.resolve(false),
        Promise.resolve(behind),
    );
}

/** The ID of a role is its name, which the mocks do not know. */
function role(name: string, more: Partial<aws.iam.RoleArgs> = {}): aws.iam.Role {
    const made = new aws.iam.Role(name, { ...TRUST, name, ...more });
    return Object.assign(made, { id: pulumi.output(name) });
}

/** The node roles of a list that is built where the program runs. */
async function own(list: () => pulumi.Input<pulumi.Input<string>[]> | undefined): Promise<unknown> {
    await pulumi.runtime.setMocks({
        newResource: ({ name, inputs: given }) => ({ id: `${name}-id`, state: given as object }),
        call: () => ({}),
    });
    const found = ownNodeRoles(list());
    return new Promise((resolve) => found.apply(resolve));
}

describe("The node roles of the component's own program", () => {
    const seen = (name: string, forceDetachPolicies?: boolean) => ({ name, forceDetachPolicies });
    const rows: [string, () => pulumi.Input<pulumi.Input<string>[]> | undefined, unknown[]][] = [
        ["are none where nothing is detached", () => undefined, []],
        ["are none of plain names", () => ["nodes"], []],
        ["are those whose name is a role's output", () => ["plain", role("nodes").name], [seen("nodes")]],
        [
            "come with whether their delete detaches policies first",
            () => [
                role("nodes", { forceDetachPolicies: true }).name,
                role("more", { forceDetachPolicies: false }).name,
            ],
            [seen("nodes", true), seen("more", false)],
        ],
        ["are found behind an apply", () => [role("nodes").arn.apply(() => "nodes")], [seen("nodes")]],
        ["are found in a list that is an output", () => pulumi.output(["plain", role("nodes").name]), [seen("nodes")]],
        ["are none whose name is not the role's ID", () => [role("nodes").name.apply((name) => `${name}-2`)], []],
        [
            "are also those that the program only reads, with Role.get",
            () => [aws.iam.Role.get("nodes", "nodes-id", { name: "nodes-id" }).name],
            [seen("nodes-id")],
        ],
        [
            "are none of another resource's output",
            () => [Object.assign(new aws.iam.InstanceProfile("nodes", { name: "nodes" }), {}).name],
            [],
        ],
        ["are known in the plugin by the URN", () => [fromPlugin("nodes", "aws:iam/role:Role")], [seen("nodes")]],
        ["are not those of another type's URN", () => [fromPlugin("nodes", "aws:eks/nodeGroup:NodeGroup")], []],
        [
            "are all of a list that comes from a role",
            () => fromPlugin(["a", "b"], "aws:iam/role:Role"),
            [seen("a"), seen("b")],
        ],
    ];
    for (const [what, list, expected] of rows) {
        it(what, async () => deepStrictEqual(await own(list), expected));
    }

    it("are an input of the credential guard, which a program without them does not have", async () => {
        const without = await live({ detachFromNodeRoles: ["nodes"] });
        assertAccepted(without);
        deepStrictEqual("ownNodeRoles" in inputs(without, "cni-credential-guard"), false);
        const run = await live({ detachFromNodeRoles: ["plain", fromPlugin("nodes", "aws:iam/role:Role")] });
        assertAccepted(run);
        deepStrictEqual(inputs(run, "cni-credential-guard")["ownNodeRoles"], ["nodes"]);
    });
});

describe("The existing role", () => {
    const ARN = "arn:aws:iam::111122223333:role/eks/nodes";
    const rows: [string, () => pulumi.Input<string> | undefined, true | undefined][] = [
        ["is not of the program where there is none", () => undefined, undefined],
        ["is not of the program as a plain ARN", () => ARN, undefined],
        ["is not of the program as an output of no role", () => pulumi.output(ARN), undefined],
        ["is of the program as a role's output", () => role("nodes").name.apply(() => ARN), true],
        [
            "is not of the program if its name is not the role's ID",
            () => role("other").name.apply(() => ARN),
            undefined,
        ],
        ["is known in the plugin by the URN", () => fromPlugin(ARN, "aws:iam/role:Role"), true],
    ];
    for (const [what, existingRoleArn, expected] of rows) {
        it(what, async () => {
            await pulumi.runtime.setMocks({ newResource: ({ name }) => ({ id: name, state: {} }), call: () => ({}) });
            const found = isOfProgram(existingRoleArn());
            deepStrictEqual(await new Promise((resolve) => found.apply(resolve)), expected);
        });
    }

    it("of the program is an input of the credential guard, which other programs do not have", async () => {
        const ofProgram = await live({
            existingRoleArn: fromPlugin(ARN, "aws:iam/role:Role"),
            oidcProviderArn: undefined,
        });
        assertAccepted(ofProgram);
        deepStrictEqual(inputs(ofProgram, "cni-credential-guard")["existingRoleOfProgram"], true);
        const plain = await live({ existingRoleArn: ARN, oidcProviderArn: undefined });
        assertAccepted(plain);
        deepStrictEqual("existingRoleOfProgram" in inputs(plain, "cni-credential-guard"), false);
    });
});
